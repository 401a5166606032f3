// The generated parts of the pages under docs/, the example configuration, and the links of every
// page, as scripts/docs checks them with the assayd of this build.

import Foundation
import Testing

@Suite struct DocumentedPagesTests {
    @Test func thePagesSayWhatTheCodeSays() throws {
        let root = URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let bin = URL(fileURLWithPath: Program.path("assayd")).deletingLastPathComponent().path
        let outcome = try Program.run(
            "/usr/bin/env",
            [
                "python3", root.appendingPathComponent("scripts/docs").path, "--check", "--bin",
                bin,
            ])
        #expect(outcome.status == 0, "\(outcome.output)\(outcome.errors)")
    }
}
