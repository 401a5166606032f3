// The flag of the commands whose tables leave something out.

import ArgumentParser

struct TableOptions: ParsableArguments {
    @Flag(help: "Print everything: whole texts, exact numbers, however wide the lines.")
    var verbose = false
}
