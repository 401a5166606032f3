// The flags of assayd, named as in the configuration's table.
//
// Every other setting of the table can be given as an environment variable or in the file. Flags
// cover the settings that people type. Nothing is validated here. `ConfigurationReader` validates
// the settings of all sources.

import ArgumentParser

/// The command line.
struct AssaydOptions: ParsableArguments {
    @Option(help: "A JSON or YAML file of settings.")
    var config: String?

    @Option(
        help: ArgumentHelp(
            "A model to serve; repeatable. Without any, the demo model in the box.",
            valueName: "NAME=PATH"))
    var model: [String] = []

    @Option(
        help: ArgumentHelp(
            "A value in place of a key of a model's files; ignore vouches for a refused key.",
            valueName: "NAME:KEY=VALUE"))
    var override: [String] = []

    @Option(help: ArgumentHelp("Where to listen; repeatable.", valueName: "tcp://H:P|unix:///PATH"))
    var listen: [String] = []

    @Option(
        help: ArgumentHelp(
            "Where monitors ask for /livez, /readyz and /models.", valueName: "H:P|none"))
    var admin: [String] = []

    @Flag(help: "Let --listen and --admin name addresses that other machines reach.")
    var insecure = false

    @Option(
        help: ArgumentHelp(
            "What to do with a model that fails.", valueName: "strict|graceful|development"))
    var strategy: [String] = []

    @Flag(help: "With the development strategy: a mock may stand in, and says so everywhere.")
    var allowMockFallback = false

    @Option(
        help: ArgumentHelp(
            "A folder below which clients may load models; repeatable.", valueName: "DIR"))
    var modelRoot: [String] = []

    @Option(help: ArgumentHelp("Where models run.", valueName: "auto|cpu|cuda[:N]"))
    var device: [String] = []

    @Option(
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Threads that compute; 0 is one per core.", valueName: "N"))
    var threads: [String] = []

    @Option(help: ArgumentHelp("Least severe level that is logged.", valueName: "LEVEL"))
    var logLevel: [String] = []

    @Flag(help: "Read and check the settings, print them with their sources, and stop.")
    var checkConfig = false

    @Flag(help: .hidden)
    var dumpSettings = false

    /// Texts of the given flags by setting name.
    var flags: [String: [String]] { texts.filter { !$0.value.isEmpty } }

    /// Names of the settings that have a flag.
    var settingNames: Set<String> { Set(texts.keys) }

    private var texts: [String: [String]] {
        [
            "model": model, "override": self.override, "listen": listen, "admin": admin,
            "strategy": strategy,
            "model-root": modelRoot, "device": device, "threads": threads, "log-level": logLevel,
            "insecure": insecure ? ["true"] : [],
            "allow-mock-fallback": allowMockFallback ? ["true"] : [],
        ]
    }
}
