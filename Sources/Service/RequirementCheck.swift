// Checks a request's demands on a model before any work is done.
//
// Also lists the messages that are addressed to a model, with the fields of the address.

import PlainText
import Wire

/// A request that names a model and may state requirements.
package protocol ModelAddressing: RequestMessage {
    var model: String? { get }
    var requirements: Requirements? { get }
    var context: RequestContext? { get }
}

extension TokenizeRequest: ModelAddressing {}
extension DetokenizeRequest: ModelAddressing {}
extension GenerateRequest: ModelAddressing {}
extension LogitsRequest: ModelAddressing {}
extension ScoreRequest: ModelAddressing {}
extension EmbedRequest: ModelAddressing {}
extension RenderRequest: ModelAddressing {}
extension HealthRequest: ModelAddressing {}

extension Requirements {
    /// Throws REQUIREMENT_NOT_MET with the name of the first demand that `facts` do not meet.
    package func check(against facts: ServedFacts) throws(ServiceError) {
        let attempt = "checking what the request demands of model \"\(facts.name)\""
        if real && facts.provenance != .real {
            throw ServiceError(
                .requirementNotMet, .realRequired, "\(attempt): found a mock, demanded: real",
                field: "requirements.real")
        }
        if let device, device != facts.device {
            throw ServiceError(
                .requirementNotMet, .deviceRequired,
                "\(attempt): found device \(facts.device), demanded: \(device)",
                field: "requirements.device")
        }
        guard let fingerprint else { return }
        guard let found = facts.fingerprint else {
            throw ServiceError(
                .requirementNotMet, .fingerprintRequired,
                "\(attempt): found a model without a fingerprint, which a mock is",
                field: "requirements.fingerprint")
        }
        if found != fingerprint {
            throw ServiceError(
                .requirementNotMet, .fingerprintRequired,
                "\(attempt): found fingerprint \(start(found)), demanded: \(start(fingerprint))",
                field: "requirements.fingerprint")
        }
    }
}

/// The first bytes in hex, enough to tell two files apart in a message.
private func start(_ fingerprint: [UInt8]) -> String { hexText(fingerprint.prefix(8)) + "…" }
