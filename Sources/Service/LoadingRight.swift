// The right to change the served models: to load and to unload.

/// Peers with the right to load and unload, as the setting `allow-loading` names them.
package enum LoadingRight: String, Sendable, CaseIterable {
    /// Processes of the server's own user, by the credentials of a Unix socket.
    case sameUser = "same-user"
    /// Every peer that reaches a socket.
    case anyone
    case nobody
}

extension ServiceContext {
    /// Throws when a peer may not change the served models. The text does not depend on what the
    /// peer asked for.
    func checkLoading(byOwner isOwner: Bool) throws(ServiceError) {
        let found: String
        switch limits.loadingRight {
        case .anyone: return
        case .sameUser where isOwner: return
        case .sameUser:
            found =
                "found a peer on TCP or of another user; allowed: processes of the server's own "
                + "user on a Unix socket"
        case .nobody: found = "found a peer; allowed: none"
        }
        throw ServiceError(
            .permissionDenied, .loadingNotAllowed,
            "changing the served models: \(found) (allow-loading)")
    }
}

extension ServiceError {
    /// A path that the peer may not name, whatever lies there.
    package static let pathNotAllowed = ServiceError(
        .permissionDenied, .pathNotAllowed,
        "loading a model: the path is not allowed; allowed: paths below a model-root", field: "path"
    )
}
