// Warns once about all variables that look like settings but are unknown.
//
// An environment is shared. Kubernetes describes every Service of a namespace in the environment,
// so a Service called "assay" puts ASSAY_PORT and ASSAY_SERVICE_HOST there, and further tools may
// use the prefix. If the server refused to start, its neighbours could stop the server.
//
// Guarantees: a sentence of bounded length without control characters, whatever the names hold.
// Values are never shown, because a value may be a secret.

import PlainText

/// See the head of the file.
enum UnknownVariables {
    /// Variables with the prefix that belong to further programs of the project.
    private static let foreign: Set<String> = [
        "ASSAY_SERVER", "ASSAY_CONFIG", "ASSAY_DEMO_MODEL", "ASSAY_DEMO_SCORES", "ASSAY_FIXTURES",
        "ASSAY_FUZZ_SEED", "ASSAY_INSTRUCTION_SET", "ASSAY_BIN", "ASSAY_CLIENTS", "ASSAY_SEED",
        "ASSAY_SWIFT_FLAGS", "ASSAY_COMMIT",
    ]
    /// Most names to list, and most bytes to show of each.
    private static let shownCountMax = 8
    private static let shownSizeMax = 64

    /// The warning about `environment`, or nil when every name with the prefix is known.
    static func warning(_ environment: [String: String]) -> String? {
        let settings = ConfigurationField.all.map(\.environmentName)
        let unknown = environment.keys.filter { name in
            name.hasPrefix("ASSAY_") && !foreign.contains(name) && !settings.contains(name)
        }.sorted()
        guard !unknown.isEmpty else { return nil }
        let injected = unknown.filter(isInjected)
        let others = unknown.filter { !isInjected($0) }
        var parts = others.prefix(shownCountMax).map { name in
            let nearest = nearestName(to: shown(name), among: settings) ?? ""
            return "\(shown(name)) (nearest is \(nearest))"
        }
        if others.count > shownCountMax { parts.append("\(others.count - shownCountMax) more") }
        if let first = injected.first {
            let nearest = nearestName(to: shown(first), among: settings) ?? ""
            parts.append(
                "\(injected.count) that describe a Kubernetes Service, such as \(shown(first)) "
                    + "(nearest is \(nearest))")
        }
        return "reading the environment: no setting, and left alone: "
            + parts.joined(separator: ", ")
    }

    /// True when a kubelet makes the name for a Service: `…_SERVICE_HOST`, `…_SERVICE_PORT`,
    /// `…_SERVICE_PORT_NAME`, `…_PORT`, and `…_PORT_7411_TCP` with its suffixes.
    private static func isInjected(_ name: String) -> Bool {
        let words = name.split(separator: "_")
        if name.hasSuffix("_SERVICE_HOST") || name.hasSuffix("_PORT") { return true }
        if name.contains("_SERVICE_PORT_") { return true }
        guard let port = words.firstIndex(of: "PORT"), port + 2 < words.count else { return false }
        return UInt16(words[port + 1]) != nil && ["TCP", "UDP", "SCTP"].contains(words[port + 2])
    }

    private static func shown(_ name: String) -> String {
        String(
            decoding: name.utf8.prefix(shownSizeMax).map { (33...126).contains($0) ? $0 : 63 },
            as: UTF8.self)
    }
}
