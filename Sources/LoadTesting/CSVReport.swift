// The timeline as CSV (RFC 4180), one line per interval: for spreadsheets and scripts.
//
// Every line says real or mock, so that no line can be cut out of a mock's report and lose that.

extension RunReport {
    /// Header and one line per interval; times in milliseconds, an empty field where nothing was
    /// measured. The columns with `all` count what failed or passed its deadline there as slower
    /// than any: `Infinity` where the percentile lies among those.
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
