// assayd: the server program. Reads its settings, binds its addresses, then puts the models through
// the assay.
//
// Without a named model, the server assays and serves the packaged demo model, never a mock in its
// place. On stderr, `bound ADDRESS` says that connections are answered, and `listening on ADDRESS`
// says that every model is served. A waiting service manager is notified at the later point. This
// file only connects modules. Every decision is in Server and below.
// Exit codes: 0 stopped as asked, 2 usage, 65 a model was rejected (the layer report is on stderr,
// and nothing was served by then), 70 an internal or system failure, 78 a bad configuration or an
// occupied admin address.

import ArgumentParser
import Console
import DemoModel
import Foundation
import Logging
import Server

@main
enum Assayd {
    static func main() {
        Console.prepare()
        let options: AssaydOptions
        do {
            options = try AssaydOptions.parse()
        } catch {
            let fault = CommandFault(
                "assayd", Array(CommandLine.arguments.dropFirst()),
                endsWell: AssaydOptions.exitCode(for: error) == .success,
                message: AssaydOptions.message(for: error), json: AssaydOptions._dumpHelp())
            guard let fault else {
                Console.line(AssaydOptions.fullMessage(for: error))
                exit(AssaydExit.ok)
            }
            fault.report("assayd")
            exit(AssaydExit.usage)
        }
        if options.dumpSettings {
            Console.line(SettingsTable.json)
            exit(AssaydExit.ok)
        }
        prepareSignals()
        exit(run(options))
    }

    /// Unblocks SIGTERM and SIGINT. A signal mask is inherited from the parent, and nobody could
    /// stop the server politely with SIGTERM blocked. Signals that ask other servers to read their
    /// settings or logs anew do nothing, instead of ending this one.
    private static func prepareSignals() {
        for number in [SIGHUP, SIGUSR1, SIGUSR2] { signal(number, SIG_IGN) }
        var set = sigset_t()
        sigemptyset(&set)
        for number in [SIGTERM, SIGINT] { sigaddset(&set, number) }
        pthread_sigmask(SIG_UNBLOCK, &set, nil)
    }

    private static func run(_ options: AssaydOptions) -> Int32 {
        let effective: EffectiveConfiguration
        do {
            effective = try ConfigurationReader.read(
                flags: options.flags, environment: ProcessInfo.processInfo.environment,
                file: options.config ?? ProcessInfo.processInfo.environment["ASSAY_CONFIG"])
            try effective.values.checkTokenFile()
        } catch {
            Console.error("\(error)")
            return AssaydExit.configuration
        }
        let demo: String?
        do {
            demo = effective.values.models.isEmpty ? try DemoModel.path() : nil
        } catch {
            Console.error(
                "no model is named, and \(error); allowed: --model NAME=PATH, ASSAY_MODEL, "
                    + "\"model\" in the configuration file, or the demo model in its place")
            return AssaydExit.configuration
        }
        if options.checkConfig {
            let lines = effective.lines + (demo.map { [demoLine($0)] } ?? [])
            Console.line(lines.joined(separator: "\n"))
            for warning in effective.warnings { Console.error("warning: \(warning)") }
            return AssaydExit.ok
        }
        do {
            let sink = try LineSink()
            let status = serve(effective, demo: demo, sink)
            sink.flush(milliseconds: 1000)
            return status
        } catch {
            Console.error("starting the log's thread: \(error)")
            return AssaydExit.internalFailure
        }
    }

    private static func demoLine(_ path: String) -> String {
        "no model is named: serving the packaged demo model as \"\(DemoModel.name)\" from \(path)"
    }

    /// Serves the configured models, or the demo model at the path `demo`.
    private static func serve(
        _ effective: EffectiveConfiguration, demo: String?, _ sink: LineSink
    ) -> Int32 {
        let logger = makeLogger(effective.values.logLevel, sink)
        let complain: @Sendable (String) -> Void = { text in
            for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
                sink.write(String(line))
            }
        }
        logger.info("configuration: \(effective.differences)")
        for warning in effective.warnings { logger.warning("\(warning)") }
        do {
            let server = try AssayServer(configuration: effective.values, logger: logger)
            let expected = demo == nil ? [] : [DemoModel.name]
            if let admin = try server.startAdmin(expecting: expected) {
                complain("admin: http://\(admin)")
            }
            if let demo { complain(demoLine(demo)) }
            let addresses = try server.start(
                signals: [SIGTERM, SIGINT],
                strictly: demo.map { [(DemoModel.name, $0)] } ?? [],
                bound: { for address in $0 { complain("bound \(address)") } },
                report: { complain("model \"\($0)\" \($1)") })
            for address in addresses { complain("listening on \(address)") }
            if let failure = ReadyNotice.send() { logger.warning("\(failure)") }
            server.waitUntilStopped()
            logger.notice("stopped")
            return AssaydExit.ok
        } catch .stopped {
            logger.notice("stopped while loading")
            return AssaydExit.ok
        } catch {
            complain("\(error)")
            return AssaydExit.code(error)
        }
    }

    /// Makes the logger. Logs go to stderr by way of `sink`. Stdout stays free for requested
    /// output.
    private static func makeLogger(_ level: String, _ sink: LineSink) -> Logger {
        LoggingSystem.bootstrap { LineLogHandler(label: $0, write: { sink.write($0, as: $1) }) }
        var logger = Logger(label: "assayd")
        logger.logLevel = Logger.Level(rawValue: level) ?? .info
        return logger
    }
}

/// Exit codes, as in the head of this file.
enum AssaydExit {
    static let ok: Int32 = 0
    static let usage: Int32 = 2
    static let rejected: Int32 = 65
    static let internalFailure: Int32 = 70
    static let configuration: Int32 = 78

    static func code(_ error: ServerStartError) -> Int32 {
        switch error {
        case .modelRejected: rejected
        case .configuration: configuration
        case .system: internalFailure
        case .stopped: ok
        }
    }
}
