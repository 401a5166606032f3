// The answers of jinja2 3.1.6 to single constructs, in the environment of chat templates: made by
// running it, in CONVERSATIONS.md's settings. Nil stands for an error that is not `raised`.
// One file: a single table, made in one run.

extension ConstructTests {
    struct Case: Sendable, CustomStringConvertible {
        let source: String
        let output: String?
        var raised: String?

        var description: String { source }
    }

    static let whiteSpace: [Case] = [
        Case(source: "a\r\nb\rc\n\n", output: "a\nb\nc\n"),
        Case(source: "{% if true %}\nx\n{% endif %}\ny", output: "x\ny"),
        Case(source: "  {% if true %}\n  x\n  {% endif %}\n", output: "  x\n"),
        Case(source: "{{ 1 }}\nx", output: "1\nx"),
        Case(source: "  {{ 1 }}", output: "  1"),
        Case(source: "a \t{%- if true -%} \n b {%- endif -%} c", output: "abc"),
        Case(source: "x{#- c -#}\n\n y", output: "xy"),
        Case(source: "  {#  c #}\nx", output: "x"),
        Case(source: "  {#+ c +#}\nx", output: "  \nx"),
        Case(source: "  {%+ if true +%}\nx{% endif %}", output: "  \nx"),
        Case(source: "a\u{a0}\u{b}{{- 1 -}}\u{c}\u{3000}b", output: "a1b"),
        Case(source: "  {% raw %} {{ x }} {% endraw %}\nz", output: " {{ x }} z"),
        Case(source: "{%- raw -%}  {% y %}  {%- endraw -%}  q", output: "{% y %}q"),
        Case(source: "a {{+ 1 }}", output: "a 1"),
        Case(source: "{{ {'a': {'b': 1}} }}", output: "{'a': {'b': 1}}"),
        Case(source: "x {% set a = 1 %} y", output: "x  y"),
        Case(source: "{{-5}}", output: "5"),
        Case(source: "  x {% if true %}y{% endif %}", output: "  x y"),
    ]

    static let undefined: [Case] = [
        Case(
            source: "{{ nope }}|{{ nope == nada }}|{{ nope == '' }}|{{ nope is none }}",
            output: "|True|False|False"),
        Case(source: "{{ [nope] }}", output: "[Undefined]"),
        Case(
            source: "{{ nope|default('d') }}|{{ nothing|default('d') }}|{{ nothing|default('d', tru"
                + "e) }}",
            output: "d|None|d"),
        Case(source: "{{ nope.x }}", output: nil),
        Case(source: "{{ nope['x'] }}", output: nil),
        Case(source: "{{ nope() }}", output: nil),
        Case(source: "{{ -nope }}", output: nil),
        Case(source: "{{ nope < 1 }}", output: nil),
        Case(source: "{{ nope|int }}", output: nil),
        Case(source: "{{ nope|tojson }}", output: nil),
        Case(source: "{{ nope|dictsort }}", output: nil),
        Case(source: "{{ nope in [1] }}{{ 1 in nope }}{{ nope in 'abc' }}", output: nil),
        Case(
            source: "{{ nope is iterable }}{{ nope is sequence }}{{ nope is callable }}{{ nope is s"
                + "tring }}{{ nope is mapping }}",
            output: "TrueTrueTrueFalseFalse"),
        Case(source: "{{ nope.x|default('d') }}", output: nil),
        Case(
            source: "{{ nothing.x }}|{{ nothing|trim }}|{{ nothing ~ 'a' }}",
            output: "|None|Nonea"),
        Case(source: "{{ nothing|length }}", output: nil),
        Case(source: "{{ nothing|items|list }}", output: nil),
        Case(source: "{{ 'x' in nothing }}", output: nil),
        Case(source: "{{ nothing + 'a' }}", output: nil),
        Case(source: "{{ null is defined }}", output: "False"),
        Case(source: "{{ 'a' if false }}|{{ ('a' if false) is defined }}", output: "|False"),
        Case(
            source: "{{ nope|upper }}{{ nope|trim }}{{ nope|join }}{{ nope|sort }}{{ nope|first }}{"
                + "{ nope|items|list }}",
            output: "[][]"),
        Case(source: "{{ numbers[9] is defined }}{{ table.q is defined }}", output: "FalseFalse"),
        Case(
            source: "{{ numbers['0'] is defined }}{{ numbers.1 }}{{ numbers[1.5] is defined }}",
            output: "False1False"),
    ]

    static let printing: [Case] = [
        Case(
            source: "{{ true }} {{ none }} {{ [1, 'a', none, true] }} {{ {'k': [1.0]} }} {{ (1, 'b'"
                + ") }} {{ (1,) }} {{ () }}",
            output: "True None [1, 'a', None, True] {'k': [1.0]} (1, 'b') (1,) ()"),
        Case(
            source: "{{ [\"it's\", 'say \"x\"', 'both\\'\"', 'a\\n\\t\\\\\\x00\\xa0\\u200bé'] }}",
            output: "[\"it's\", 'say \"x\"', 'both\\'\"', 'a\\n\\t\\\\\\x00\\xa0\\u200bé']"),
        Case(
            source: "{{ big }} {{ [big] }} {{ big|tojson }} {{ big == big }}",
            output: "12345678901234567890 [12345678901234567890] 12345678901234567890 True"),
        Case(
            source: "{{ 1e16 }} {{ 123456789.125 }} {{ 1e-4 }} {{ 0.00001 }} {{ 5e-324 }} {{ 1.7976"
                + "931348623157e308 }} {{ 0.1 }}",
            output: "1e+16 123456789.125 0.0001 1e-05 5e-324 1.7976931348623157e+308 0.1"),
        Case(
            source: "{{ namespace(a=1) }} {{ range(2, 5) }} {{ {'a': 1}.items() }} {{ {'a': 1}.keys"
                + "() }}",
            output: "<Namespace {'a': 1}> range(2, 5) dict_items([('a', 1)]) dict_keys(['a'])"),
        Case(source: "{% macro m() %}{% endmacro %}{{ m }}", output: "<Macro 'm'>"),
        Case(source: "{{ ['<'|safe] }}", output: "[Markup('<')]"),
    ]

    static let json: [Case] = [
        Case(source: "{{ table|tojson }}", output: "{\"b\": 1, \"A\": [2], \"items\": 5}"),
        Case(
            source: "{{ '\\x01\\x08\\x0c\\n\\r\\t\"\\\\/<é🙂\\u2028\\x7f'|tojson }}",
            output: "\"\\u0001\\b\\f\\n\\r\\t\\\"\\\\/<é🙂\u{2028}\u{7f}\""),
        Case(
            source: "{{ 'é🙂\\x7f'|tojson(ensure_ascii=true) }}",
            output: "\"\\u00e9\\ud83d\\ude42\\u007f\""),
        Case(
            source: "{{ [1, [], {}, {'a': [2]}]|tojson(indent=2) }}",
            output: "[\n  1,\n  [],\n  {},\n  {\n    \"a\": [\n      2\n    ]\n  }\n]"),
        Case(
            source: "{{ {'b': 1, 'a': 2}|tojson(sort_keys=true, separators=(',', ':')) }}",
            output: "{\"a\":2,\"b\":1}"),
        Case(
            source: "{{ {1: 2, true: 3, none: 4, 1.5: 5}|tojson }}",
            output: "{\"1\": 3, \"null\": 4, \"1.5\": 5}"),
        Case(source: "{{ [1e22, 1.0, 1e-07]|tojson }}", output: "[1e+22, 1.0, 1e-07]"),
        Case(source: "{{ table.items()|tojson }}", output: nil),
        Case(source: "{{ numbers|map('string')|tojson }}", output: nil),
        Case(source: "{{ (1, 2)|tojson }}", output: "[1, 2]"),
    ]

    static let precedence: [Case] = [
        Case(source: "{{ 1 + 1 is number }}", output: "2"),
        Case(source: "{{ 'x' ~ 'y' is string }}", output: "xTrue"),
        Case(source: "{{ 'a' == 'a' is string }}", output: "False"),
        Case(source: "{{ 'a' + 'b' ~ 1 }}", output: "ab1"),
        Case(source: "{{ 1 + 2 ~ 3 }}", output: nil),
        Case(source: "{{ -1|abs }}", output: "1"),
        Case(source: "{{ not 'a' in 'ab' }}", output: "False"),
        Case(
            source: "{{ 1 < 2 < 3 }} {{ 1 < 3 < 2 }} {{ 1 == 1 == 2 }}",
            output: "True False False"),
        Case(source: "{{ 'a' 'b' \"c\" }}", output: "abc"),
        Case(source: "{{ 1 or 2 and 3 }} {{ 0 and x.y }} {{ [] or 'e' }}", output: "1 0 e"),
        Case(source: "{{ 2 * 3 + 4 * 5 - 6 }}", output: "20"),
        Case(source: "{{ 7 - 2 - 1 }}", output: "4"),
        Case(source: "{{ 'a' if true else 'b' if true else 'c' }}", output: "a"),
        Case(source: "{{ not not 1 }}", output: "True"),
        Case(source: "{{ 2 if 1 is odd and 2 is even }}", output: "2"),
    ]

    static let numbers: [Case] = [
        Case(
            source: "{{ -7 // 2 }} {{ -7 % 3 }} {{ 7 % -3 }} {{ 7 / 2 }} {{ 4 / 2 }}",
            output: "-4 2 -2 3.5 2.0"),
        Case(source: "{{ 1 / 0 }}", output: nil),
        Case(source: "{{ 1 % 0 }}", output: nil),
        Case(
            source: "{{ true + 1 }} {{ 'ab' * 2 }} {{ [1] * 2 }} {{ 'a' * -1 }}",
            output: "2 abab [1, 1] "),
        Case(source: "{{ 1 < 'a' }}", output: nil),
        Case(source: "{{ none < 1 }}", output: nil),
        Case(
            source: "{{ 1 == 1.0 }} {{ 1 == true }} {{ [1] == [1.0] }} {{ [] == () }} {{ '1' == 1 }"
                + "}",
            output: "True True True False False"),
        Case(
            source: "{{ 'a' < 'B' }} {{ 'é' > 'z' }} {{ [1, 2] < [1, 3] }}",
            output: "False True True"),
        Case(
            source: "{{ 0x1f }} {{ 0b11 }} {{ 0o17 }} {{ 1_000 }} {{ 1e3 }} {{ 1.5e-2 }}",
            output: "31 3 15 1000 1000.0 0.015"),
        Case(source: "{{ -7.5 // 2 }} {{ -7.5 % 2 }} {{ 7.5 % -2 }}", output: "-4.0 0.5 -0.5"),
        Case(
            source: "{{ '5'|int + 1 }} {{ 'z'|int }} {{ '3.9'|int }} {{ ' 7 '|int }} {{ 'x'|int(9) "
                + "}} {{ 2.9|int }} {{ true|int }}",
            output: "6 0 3 7 9 2 1"),
    ]

    static let texts: [Case] = [
        Case(
            source: "{{ 'aé🙂'|length }} {{ 'aé🙂'[2] }} {{ 'aé🙂'[-2:] }} {{ 'aé🙂'[::-1] }} {{ 'abcde"
                + "f'[1:5:2] }} {{ 'abc'[5:] }}",
            output: "3 🙂 é🙂 🙂éa bd "),
        Case(source: "{{ 'abc'[::0] }}", output: nil),
        Case(
            source: "{{ ' a  b\\tc '.split() }} {{ 'a,b,,c'.split(',') }} {{ 'a-b-c'.split('-', 1) "
                + "}} {{ ' a b c '.split(none, 1) }}",
            output: "['a', 'b', 'c'] ['a', 'b', '', 'c'] ['a', 'b-c'] ['a', 'b c ']"),
        Case(source: "{{ 'abc'.split('') }}", output: nil),
        Case(
            source: "{{ 'a</think>'.rstrip('</think>') }} {{ 'xxaxx'.strip('x') }} {{ 'xxaxx'.lstri"
                + "p('x') }}",
            output: "a a axx"),
        Case(source: "{{ '\\x1c\\x85\\u3000 a \\u200b'|trim|length }}", output: "3"),
        Case(
            source: "{{ 'hELLO wORLD'|capitalize }} {{ \"they're here\"|title }} {{ \"they're here"
                + "\".title() }} {{ 'ß'.upper() }} {{ 'ΑΣ ΣΑ'|lower }} {{ 'İ'|lower|length }} {{ "
                + "'ǆ'.title() }}",
            output: "Hello world They're Here They'Re Here SS ας σα 2 ǅ"),
        Case(
            source: "{{ 'aaa'.replace('a', 'b', 2) }} {{ 'aaa'|replace('a', 'b') }} {{ 'ab'.replace"
                + "('', '-') }}",
            output: "bba bbb -a-b-"),
        Case(
            source: "{{ 'abc'.startswith('ab') }} {{ 'abc'.endswith(('x', 'c')) }}",
            output: "True True"),
        Case(
            source: "{{ [1, none, 'a']|join('-') }} {{ ','.join(['a', 'b']) }} {{ 'abc'|join(',') }"
                + "}",
            output: "1-None-a a,b a,b,c"),
        Case(source: "{{ ','.join([1]) }}", output: nil),
        Case(
            source: "{{ '{} {x} {{}}'.format(1, x=2) }} {{ '{1}{0}'.format('a', 'b') }}",
            output: "1 2 {} ba"),
        Case(
            source: "{{ 'a\\nb\\n\\nc'|indent }}|{{ 'a\\nb'|indent(2, true) }}|{{ 'a\\n\\nb\\n'|ind"
                + "ent(1, blank=true) }}",
            output: "a\n    b\n\n    c|  a\n  b|a\n \n b\n "),
        Case(source: "{{ '\\x41\\u00e9\\101\\q\\'' }}", output: "AéA\\q'"),
        Case(
            source: "{{ 'b' in 'abc' }} {{ '' in 'a' }} {{ 'ab' not in 'abc' }}",
            output: "True True False"),
        Case(source: "{{ 1 in 'abc' }}", output: nil),
        Case(source: "{{ 'a' + 1 }}", output: nil),
    ]

    static let sequences: [Case] = [
        Case(
            source: "{{ ['b', 'A', 'a', 'C']|sort }} {{ ['b', 'A', 'a']|unique|list }} {{ ['b', 'A'"
                + "]|min }} {{ ['b', 'C']|max }}",
            output: "['A', 'a', 'b', 'C'] ['b', 'A'] A C"),
        Case(source: "{{ [1, 'a']|sort }}", output: nil),
        Case(
            source: "{{ table|dictsort }} {{ table|dictsort(true) }} {{ {'a': 2, 'b': 1}|dictsort(b"
                + "y='value') }}",
            output: "[('A', [2]), ('b', 1), ('items', 5)] [('A', [2]), ('b', 1), ('items', 5)] [('b"
                + "', 1), ('a', 2)]"),
        Case(
            source: "{{ messages|map(attribute='role')|list }} {{ messages|map(attribute='tool_call"
                + "s.0.function.name')|list }}",
            output: nil),
        Case(
            source: "{{ messages|selectattr('tool_calls')|list|length }} {{ messages|selectattr('ro"
                + "le', 'equalto', 'user')|map(attribute='content')|list }}",
            output: "1 ['Hey <you>']"),
        Case(
            source: "{{ messages|rejectattr('n', 'defined')|map(attribute='role')|list }} {{ [1, 2,"
                + " 3]|reject('in', [2])|list }} {{ [1, 2]|reject('equalto', 1)|list }}",
            output: "['assistant'] [1, 3] [2]"),
        Case(
            source: "{{ messages|sort(attribute='role')|map(attribute='role')|join(',') }} {{ [3, 1"
                + "]|sort(reverse=true) }}",
            output: "assistant,user [3, 1]"),
        Case(source: "{{ (messages|map('upper'))|length }}", output: nil),
        Case(
            source: "{% set g = [1, 2]|map('string') %}{{ g|list }}{{ g|list }}",
            output: "['1', '2'][]"),
        Case(
            source: "{{ []|last is defined }} {{ 'abc'|last }} {{ numbers|last }} {{ numbers|first "
                + "}}",
            output: "False c 2 3"),
        Case(
            source: "{{ {'a': 1, 'b': 2}|list }} {{ 'ab'|list }} {{ range(3)|list }}",
            output: "['a', 'b'] ['a', 'b'] [0, 1, 2]"),
        Case(source: "{{ numbers.append(1) }}", output: nil),
        Case(source: "{{ numbers.append is defined }} {{ table.pop }}|", output: "False |"),
        Case(source: "{{ table.update({}) }}", output: nil),
        Case(
            source: "{{ dict(table, k=1) }} {{ dict(a=1) }}",
            output: "{'b': 1, 'A': [2], 'items': 5, 'k': 1} {'a': 1}"),
        Case(
            source: "{{ numbers[1:] }} {{ numbers[:-1] }} {{ numbers[::-1] }} {{ numbers[-2:] }}",
            output: "[1, 2] [3, 1] [2, 1, 3] [1, 2]"),
        Case(
            source:
                "{{ range(5, 0, -2)|list }} {{ range(3)|length }} {{ range(2) == range(0, 2) }}",
            output: "[5, 3, 1] 3 True"),
        Case(source: "{{ [1] + [2] }} {{ (1,) + (2,) }}", output: "[1, 2] (1, 2)"),
        Case(source: "{{ [1] + (2,) }}", output: nil),
        Case(
            source: "{{ 1 in [1.0] }} {{ 'b' in table }} {{ [1] in [[1]] }} {{ (1, 2) in [(1, 2)] }"
                + "}",
            output: "True True True True"),
        Case(source: "{{ {(1, 2): 3}[(1, 2)] }} {{ {1: 'a', true: 'b'} }}", output: "3 {1: 'b'}"),
        Case(source: "{{ {[1]: 2} }}", output: nil),
    ]

    static let attributes: [Case] = [
        Case(
            source: "{{ table.items == 5 }} {{ table['items'] }} {{ {'keys': 1}['keys'] }} {{ {'get"
                + "': 1}.get('get') }}",
            output: "False 5 1 1"),
        Case(source: "{{ {'a': 1}['keys']() }}", output: "dict_keys(['a'])"),
        Case(
            source: "{{ table.get('b') }} {{ table.get('q') }} {{ table.get('q', 'd') }}",
            output: "1 None d"),
        Case(source: "{{ messages[0].n }} {{ messages[-1]['role'] }}", output: "1.0 assistant"),
        Case(source: "{{ 'abc'.x is defined }} {{ (5).x is defined }}", output: "False False"),
        Case(
            source: "{{ {'role': 1}.role }}{{ {1: 2}[1] }}{{ {'1': 2}.1 is defined }}",
            output: "12False"),
    ]

    static let scopes: [Case] = [
        Case(
            source: "{% set x = 1 %}{% for i in [1, 2] %}{{ x }}{% set x = 5 %}{{ x }}{% endfor %}{"
                + "{ x }}",
            output: "15151"),
        Case(source: "{% if true %}{% set y = 1 %}{% endif %}{{ y }}", output: "1"),
        Case(source: "{% if false %}{% set word = 1 %}{% endif %}{{ word }}", output: "ab cd"),
        Case(source: "{% set word = word ~ '!' %}{{ word }}", output: "ab cd!"),
        Case(
            source: "{% for i in [1] %}{{ word }}{% endfor %}{% set word = 1 %}{{ word }}",
            output: "1"),
        Case(source: "{% set t %}{% set u = 1 %}{{ u }}{% endset %}{{ t }}{{ u }}", output: "1"),
        Case(
            source: "{% generation %}{% set u = 1 %}{{ u }}{% endgeneration %}{{ u }}",
            output: "1"),
        Case(
            source: "{% set ns = namespace(a=1) %}{% for i in [1, 2] %}{% set ns.a = ns.a + i %}{% "
                + "endfor %}{{ ns.a }}{{ ns['a'] }}{{ ns.q }}",
            output: "44"),
        Case(source: "{% set a = 1 %}{% set a.b = 1 %}", output: nil),
        Case(
            source: "{% macro m() %}{{ q }}{% endmacro %}{% set q = 1 %}{{ m() }}{% set q = 2 %}{{ "
                + "m() }}",
            output: "12"),
        Case(
            source: "{% macro m() %}{{ i }}{% endmacro %}{% for i in [1] %}{{ m() }}{% endfor %}",
            output: ""),
        Case(
            source: "{% for i in [1] %}{% macro m() %}{{ i }}{% endmacro %}{{ m() }}{% endfor %}",
            output: "1"),
        Case(source: "{{ m() }}{% macro m() %}{% endmacro %}", output: nil),
        Case(
            source: "{% macro a() %}{{ b() }}{% endmacro %}{% macro b() %}B{% endmacro %}{{ a() }}",
            output: "B"),
        Case(
            source: "{% if true %}{% macro m() %}M{% endmacro %}{% endif %}{{ m() }}",
            output: "M"),
        Case(
            source: "{% macro m(a, b=a ~ '!') %}{{ a }}{{ b }}{% endmacro %}{{ m('x') }}{{ m('x', '"
                + "y') }}{{ m(b=1) }}",
            output: "xx!xy1"),
        Case(source: "{% macro m(a) %}{{ a }}{% endmacro %}{{ m(1, 2) }}", output: nil),
        Case(source: "{% macro m(a) %}{{ a }}{% endmacro %}{{ m(q=1) }}", output: nil),
        Case(
            source: "{% macro m() %}<{{ caller('q') }}>{% endmacro %}{% call(x) m() %}{{ x }}!{% en"
                + "dcall %}",
            output: "<q!>"),
        Case(source: "{% macro m() %}{{ caller() }}{% endmacro %}{{ m() }}", output: nil),
        Case(source: "{% macro m() %}{% endmacro %}{% call m() %}x{% endcall %}", output: nil),
        Case(
            source: "{% macro f(n) %}{% if n %}{{ n }}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(3"
                + ") }}",
            output: "321"),
        Case(source: "{% filter upper %}a{{ 'b' }}{% endfilter %}", output: "AB"),
        Case(source: "{% filter length %}a{% endfilter %}", output: nil),
        Case(source: "{% set x | upper %}ab{% endset %}{{ x }}", output: "AB"),
        Case(source: "{% set a, b = 1, 2 %}{{ a }}{{ b }}", output: "12"),
        Case(source: "{% set i = 9 %}{% for i in [1] %}{{ i }}{% endfor %}{{ i }}", output: "19"),
        Case(
            source: "{% macro m(x) %}{% set x = x + 1 %}{{ x }}{% endmacro %}{% set x = 5 %}{{ m(1)"
                + " }}{{ x }}",
            output: "25"),
    ]

    static let loops: [Case] = [
        Case(
            source: "{% for x in [1, 2, 3, 4] if x is even %}{{ loop.index }}{{ x }}{{ loop.last }}"
                + "{{ loop.nextitem }}{% endfor %}",
            output: "12False424True"),
        Case(
            source: "{% for x in numbers %}{{ loop.previtem }}-{{ loop.nextitem }};{% endfor %}",
            output: "-1;3-2;1-;"),
        Case(source: "{% for x in [] %}a{% else %}none{% endfor %}", output: "none"),
        Case(source: "{% for x in [1] %}{% break %}{% else %}E{% endfor %}", output: "E"),
        Case(
            source: "{% for x in [1, 2] %}{% if x == 1 %}{% continue %}{% endif %}{{ x }}{% else %}"
                + "E{% endfor %}",
            output: "2"),
        Case(
            source:
                "{% for k in table %}{{ k }}{% endfor %}{% for c in 'hé' %}{{ c }}.{% endfor %}",
            output: "bAitemsh.é."),
        Case(
            source: "{% for a, b in [(1, 2)] %}{{ a }}{{ b }}{% endfor %}{% for a, (b, c) in [(1, ("
                + "2, 3))] %}{{ c }}{% endfor %}",
            output: "123"),
        Case(source: "{% for a, b in [(1, 2, 3)] %}{% endfor %}", output: nil),
        Case(source: "{% for x in nothing %}{% endfor %}", output: nil),
        Case(
            source: "{% for x in [1, 2] %}{% for y in [1] %}{{ loop.index }}{% endfor %}{{ loop.ind"
                + "ex }}{% endfor %}",
            output: "1112"),
        Case(
            source: "{% for x in [1, 2, 3] %}{{ loop.first }}{{ loop.length }}{{ loop.revindex }}{{"
                + " loop.revindex0 }}{{ loop.index0 }}{% endfor %}",
            output: "True3320False3211False3102"),
        Case(
            source: "{% for x in [1, 2] %}{% set t %}{% if x == 1 %}{% continue %}{% endif %}b{% en"
                + "dset %}{{ t }}{% endfor %}",
            output: "b"),
        Case(source: "{% for x in [1] %}{{ loop.nope is defined }}{% endfor %}", output: "False"),
    ]

    static let marks: [Case] = [
        Case(
            source: "{{ ('<'|safe) + '<' }} {{ '<' + ('<'|safe) }} {{ ('<'|safe) ~ '<' }} {{ ['<'|s"
                + "afe, '<']|join }}",
            output: "<&lt; &lt;< << <<"),
        Case(
            source: "{{ (('<a>'|safe)|trim) + '&' }} {{ (('<a>'|safe)[1:]) + '&' }} {{ (('a<'|safe)"
                + "|upper) + '&' }} {{ (('a<'|safe).replace('a', '>')) }} {{ (('a<'|safe)|replace"
                + "('a', '>')) + '&' }}",
            output: "<a>&amp; a>&amp; A<&amp; &gt;< ><&"),
        Case(
            source: "{% macro m() %}<{% endmacro %}{{ m() + '<' }} {{ ('<'|tojson) + '<' }}",
            output: "<< \"<\"<"),
        Case(
            source: "{{ '<'|safe is string }} {{ ('<'|safe)|tojson }} {{ '\"\\''|e }} {{ ('<'|e)|e "
                + "}}",
            output: "True \"<\" &#34;&#39; &lt;"),
        Case(
            source: "{{ '{}'.format('<'|safe) }} {{ ('{}'|safe).format('<') }} {{ (('<,'|safe).spli"
                + "t(',')|first) + '<' }}",
            output: "< &lt; <&lt;"),
    ]

    static let errors: [Case] = [
        Case(source: "{{ raise_exception('no: ' ~ 1) }}", output: nil, raised: "no: 1"),
        Case(source: "{{ raise_exception(none) }}", output: nil, raised: "None"),
        Case(source: "{{ raise_exception() }}", output: nil),
        Case(source: "{% if messages|frobnicate %}{% endif %}", output: nil),
        Case(source: "ok{% if false %}{{ 1|frobnicate }}{% endif %}", output: "ok"),
        Case(source: "ok{{ 1|frobnicate if false else 2 }}", output: "ok2"),
        Case(source: "{% if true %}{{ 1 is frob }}{% endif %}", output: nil),
        Case(source: "{{ 'a'() }}", output: nil),
        Case(
            source: "{{ strftime_now('%Y-%m-%d %B %b %A %a %H:%M:%S %y %j %p %I %-d %-m') }}",
            output: "2026-03-05 March Mar Thursday Thu 09:07:03 26 064 AM 09 5 3"),
        Case(source: "{% set l = [] %}{% if false %}{{ l.append(1) }}{% endif %}ok", output: "ok"),
        Case(
            source: "{% for m in messages %}{{ m.content.split('<')[-1] }}{% endfor %}",
            output: "you>Yes"),
    ]

    static let all: [Case] =
        whiteSpace + undefined + printing + json + precedence + numbers + texts
        + sequences + attributes + scopes + loops + marks + errors
}
