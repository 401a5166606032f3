// Exit statuses of the project's programs after a failed call.
//
// Guarantees: every error has exactly one exit status, from its code or else from its status. The
// numbers are part of the programs' contract and never change meaning.

import Wire

extension AssayError {
    /// Exit status: 2 usage, 65 model rejected, 69 unreachable, 70 internal, 75 try again,
    /// 76 protocol error, 77 refused, 79 mock refused.
    package var exitStatus: Int32 {
        switch code {
        case .addressInvalid, .requestInvalid: 2
        case .unreachable, .connectionClosed: 69
        case .timedOut: 75
        case .protocolError: 76
        case .mockRefused: 79
        default: status.exitStatus
        }
    }
}

extension Status {
    fileprivate var exitStatus: Int32 {
        switch self {
        case .ok: 0
        case .invalidArgument, .notFound, .alreadyExists, .failedPrecondition, .outOfRange: 2
        case .modelRejected: 65
        case .cancelled, .unknown, .internalError, .dataLoss: 70
        case .deadlineExceeded, .resourceExhausted, .aborted, .unavailable: 75
        case .protocolError, .unimplemented: 76
        case .permissionDenied, .unauthenticated, .requirementNotMet: 77
        case .mockRefused: 79
        }
    }
}
