// The right to speak, and the right to change the served models.

import Wire

/// Peers with the right to load and unload, as the setting `allow-loading` names them.
package enum LoadingRight: String, Sendable, CaseIterable {
    /// Processes of the server's own user, by the credentials of a Unix socket.
    case sameUser = "same-user"
    /// Every peer that reaches a socket.
    case anyone
    case nobody
}

extension ServiceContext {
    /// Returns the speaker of a Hello. On a server without tokens a token says nothing, and a
    /// tenant only divides the peer's own share.
    func principal(of hello: HelloRequest) throws(ServiceError) -> Principal {
        if let tokens { return try tokens.principal(of: hello) }
        var principal = Principal.anyone
        principal.tenant = hello.tenant
        return principal
    }

    /// Throws when a peer may not change the served models. With tokens the token's scope decides,
    /// else the setting `allow-loading`. The text does not depend on what the peer asked for.
    func checkLoading(
        byOwner isOwner: Bool, _ principal: Principal
    ) throws(ServiceError) {
        if tokens != nil {
            guard !principal.scopes.contains(.admin) else { return }
            throw ServiceError(
                .permissionDenied, .loadingNotAllowed,
                "changing the served models: found a token without the scope admin, allowed: a "
                    + "token with it")
        }
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
