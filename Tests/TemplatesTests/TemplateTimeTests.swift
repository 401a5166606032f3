// Dates and times that a caller hands in.

import Testing

import Templates

@Suite("template time")
struct TemplateTimeTests {
    @Test("a time is read from text, and one that does not exist is not")
    func readsText() {
        let time = TemplateTime(year: 2026, month: 3, day: 5, hour: 9, minute: 7, second: 3)
        #expect(TemplateTime("2026-03-05T09:07:03") == time)
        for text in [
            "", "2026-03-05", "2026-02-29T00:00:00", "2026-13-01T00:00:00", "2026-03-05T24:00:00",
            "2026-03-05 09:07:03", "2026-03-05T09:07:0x", "2026-03-05T09:07:033",
            "0000-01-01T00:00:00",
        ] {
            #expect(TemplateTime(text) == nil, "\(text)")
        }
    }

    @Test(
        "seconds since 1970 become a date",
        arguments: [
            (0, "1970-01-01T00:00:00"), (951_782_400, "2000-02-29T00:00:00"),
            (1_772_701_623, "2026-03-05T09:07:03"), (-1, "1969-12-31T23:59:59"),
            (4_102_444_799, "2099-12-31T23:59:59"),
        ])
    func countsSeconds(_ seconds: Int, _ text: String) {
        #expect(TemplateTime(secondsSince1970: seconds) == TemplateTime(text))
    }

    @Test("seconds outside the years 1 to 9999 are no time")
    func boundsSeconds() {
        #expect(TemplateTime(secondsSince1970: Int.max) == nil)
        #expect(TemplateTime(secondsSince1970: Int.min) == nil)
        #expect(TemplateTime(secondsSince1970: 253_402_300_800) == nil)
    }

    @Test(
        "codes give what Python's strftime gives",
        arguments: [
            ("2026-03-05T09:07:03", "%Y-%m-%d %B %b %A %a", "2026-03-05 March Mar Thursday Thu"),
            ("2024-12-31T00:00:00", "%j %H %I %p %y", "366 00 12 AM 24"),
            ("2023-01-01T12:30:05", "%-j %-d %-m %-I %-M %-S %p %a", "1 1 1 12 30 5 PM Sun"),
            ("2000-02-29T23:59:59", "%A %I:%M:%S %p", "Tuesday 11:59:59 PM"),
        ])
    func formats(_ time: String, _ format: String, _ expected: String) throws {
        let rendering = try Template(source: "{{ strftime_now('\(format)') }}").render(
            variables: [], now: TemplateTime(time))
        #expect(rendering.text.string == expected)
        #expect(rendering.usedTime)
    }

    @Test("a rendering says whether it used the time, and fails without one")
    func reportsUse() throws {
        let template = try Template(source: "{% if day %}{{ strftime_now('%Y') }}{% endif %}")
        #expect(template.facts.readsTime)
        #expect(try !template.render(variables: [], now: nil).usedTime)
        let error = #expect(throws: TemplateError.self) {
            try template.render(variables: [("day", .boolean(true))], now: nil)
        }
        #expect(error?.code == .error)
    }
}
