// The path of the file of remembered digests.
//
// Does not: open or make anything. `DigestMemory` does, and goes on without a file.

import Glibc

/// See the head of the file.
package enum DigestPlace {
    /// Returns the path that the setting `digest-file` stands for, or nil for none.
    ///
    /// `auto` is the folder that systemd gives a unit (`CACHE_DIRECTORY`), else the user's cache
    /// folder. Without a folder of either kind nothing is remembered beyond the process.
    package static func path(
        _ setting: String,
        variable: (String) -> String? = { getenv($0).map { String(cString: $0) } }
    ) -> String? {
        switch setting {
        case "none": return nil
        case "auto":
            // The variable may hold several folders.
            let given = variable("CACHE_DIRECTORY")?.split(separator: ":").first.map(String.init)
            if let given, given.hasPrefix("/") { return given + "/digests" }
            let cache = variable("XDG_CACHE_HOME") ?? variable("HOME").map { $0 + "/.cache" }
            // The specification of cache folders ignores relative paths.
            guard let cache, cache.hasPrefix("/") else { return nil }
            return cache + "/assay/digests"
        default: return setting
        }
    }
}
