// The timeline as CSV (RFC 4180) for spreadsheets and scripts, with a line per interval.
//
// Every line says real or mock, so a line copied from the report of a mock stays marked.

extension RunReport {
    /// A header and a line per interval. Times are milliseconds, and a field is empty where nothing
    /// was measured. The columns with `all` count failures and passed deadlines as slower than any
    /// bound. They hold `Infinity` where the percentile lies among those requests.
    package var csv: String {
        let header = [
            "provenance", "start_s", "seconds", "sent", "succeeded", "failed",
            "requests_per_second",
            "output_tokens_per_second", "p50_ms", "p90_ms", "p99_ms", "max_ms", "p50_all_ms",
            "p90_all_ms", "p99_all_ms", "max_all_ms",
        ]
        let rows = intervals.map { interval in
            let rates = [interval.succeeded, interval.outputTokens].map {
                NumberText.fixed(Double($0) / Swift.max(interval.seconds, 1e-9), 3)
            }
            let times = [interval.p50, interval.p90, interval.p99, interval.max].map {
                $0.map { NumberText.fixed($0, 6) } ?? ""
            }
            let all =
                interval.ofAll.map { [$0.p50, $0.p90, $0.p99, $0.max] }?.map {
                    $0.map { NumberText.fixed($0, 6) } ?? "Infinity"
                } ?? times
            return [
                isMock ? "MOCK" : "real", NumberText.fixed(interval.start, 3),
                NumberText.fixed(interval.seconds, 3), "\(interval.sent)",
                "\(interval.succeeded)", "\(interval.failed)",
            ] + rates + times + all
        }
        return ([header] + rows).map { $0.joined(separator: ",") + "\r\n" }.joined()
    }
}
