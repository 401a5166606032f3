// Which generation a request means, and whether it can be asked.
//
// Guarantees:
// - A plain name means the active generation, except for the shares of labels.
// - `NAME:LABEL` means the label's generation, whatever the plain name means.
// - A label takes no share while its generation is out of service.

import Wire

extension ModelRegistry {
    /// Returns what the request names, without regard to shares. Without a name, the only ready
    /// entry is meant, even beside failed and loading entries.
    package func addressed(_ name: String?) throws(ServiceError) -> Target {
        if let name { return try named(name) }
        // An evicted model counts, or else a request without a name would go to another model.
        let ready = entries.filter { $0.state == .ready || $0.isAwaited }
        if ready.count == 1 { return Target(ready[0], ready[0].active) }
        if ready.isEmpty && entries.count == 1 { return Target(entries[0], entries[0].active) }
        throw ServiceError(
            .invalidArgument, .modelRequired,
            "choosing a model: found no name in the request, served are: \(nameList)",
            field: "model")
    }

    private func named(_ name: String) throws(ServiceError) -> Target {
        if let entry = entry(name) { return Target(entry, entry.active) }
        guard let colon = name.firstIndex(of: Self.labelMark),
            let entry = entry(String(name[..<colon]))
        else { throw unknown(name, field: "model") }
        // Labels come and go with the service. Without it, the entry's state is the answer.
        guard entry.phase == .serving else { return Target(entry, entry.active) }
        let word = String(name[name.index(after: colon)...])
        guard let label = entry.labels.first(where: { $0.name == word }) else {
            let labels = entry.labels.map(\.name).joined(separator: ", ")
            throw ServiceError(
                .notFound, .modelUnknown,
                "looking up model \"\(name)\": found no such label of \"\(entry.name)\", its "
                    + "labels are: \(labels.isEmpty ? "none" : labels)", field: "model")
        }
        return Target(entry, entry.generation(label.generation), label: word)
    }

    /// Returns what a new request means. For the plain name of an entry, labels take their shares.
    package mutating func choose(_ name: String?) throws(ServiceError) -> Target {
        let target = try addressed(name)
        guard target.label == nil, !target.entry.shares.isTrivial, target.entry.state == .ready,
            let index = index(target.entry.name), let next = entries[index].shares.next(),
            let generation = target.entry.generation(target.entry.labels[next].generation),
            generation.fault == nil
        else { return target }
        return Target(target.entry, generation)
    }

    /// Returns the facts of a target that can take a request now.
    package func ready(_ target: Target) throws(ServiceError) -> ServedFacts {
        let entry = target.entry
        let attempt = "asking model \"\(target.name)\""
        switch entry.phase {
        case .failed(let reason):
            throw ServiceError(
                .failedPrecondition, .modelNotReady, "\(attempt): it failed to load: \(reason)",
                field: "model")
        case .draining:
            throw ServiceError(
                .unavailable, .modelUnloading, "\(attempt): it is being unloaded", field: "model")
        case .evicted: throw .evicted(entry.name, "this request does not load it", pause: 1000)
        case .loading:
            throw ServiceError(
                .unavailable, .modelLoading, "\(attempt): it is still loading", field: "model",
                retryAfterMilliseconds: 200)
        case .serving:
            guard let generation = target.generation else {
                preconditionFailure("\(target.name) names a generation that has left")
            }
            guard let fault = generation.fault else { return generation.facts }
            throw ServiceError(
                .failedPrecondition, .modelNotReady, "\(attempt): it is out of service: \(fault)",
                field: "model")
        }
    }

    func unknown(_ name: String, field: String) -> ServiceError {
        ServiceError(
            .notFound, .modelUnknown,
            "looking up model \"\(name)\": found none, served are: \(nameList)", field: field)
    }

    private var nameList: String {
        entries.isEmpty ? "none" : entries.prefix(16).map(\.name).joined(separator: ", ")
    }
}
