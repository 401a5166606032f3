// The command line of assayd: the settings of the configuration's table, and what no file can say.
//
// Nothing is validated here. `ConfigurationReader` validates the settings of all sources.

import ArgumentParser
import EventLoop
import ProgramFacts

/// The command line.
struct AssaydOptions: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "assayd",
        abstract: "Serves language models.",
        discussion: """
            Without a model, the demo model in the box is served. Every setting is a flag, a \
            variable or a key of the file, in this order. The help of each ends with what is \
            allowed, the default and the variable.

            \(statuses.text)

            \(variables.text)
            """,
        version: ProgramVersion.text(of: "assayd", libuv: Loop.libraryVersion))

    private static let statuses = HelpSection.statuses([
        (AssaydExit.ok, "stopped as asked"),
        (AssaydExit.usage, "wrong usage"),
        (AssaydExit.rejected, "a model was refused"),
        (AssaydExit.internalFailure, "trouble of the machine"),
        (AssaydExit.configuration, "wrong configuration, or the admin address is taken"),
    ])

    private static let variables = HelpSection.variables([
        ("ASSAY_CONFIG", "file of settings, when --config is not given", "none"),
        SharedVariable.instructionSet,
    ])

    @OptionGroup(title: "Settings") var settings: SettingOptions

    @Option(
        help: ArgumentHelp("A JSON or YAML file of settings.", valueName: "file"),
        completion: .file(extensions: ["json", "yaml", "yml"]))
    var config: String?

    @Flag(help: "Read and check the settings, print them with their sources, and stop.")
    var checkConfig = false

    @Flag(help: .hidden)
    var dumpSettings = false

    /// Texts of the given flags by setting name.
    var flags: [String: [String]] { settings.given }
}
