// A usual conversation with tools, and templates of the published shapes, made for this benchmark.

import Conversations
import Templates

/// Eight messages and three tools.
enum SampleConversation {
    static let messages = """
        [{"role":"system","content":"You plan trips. Answer in short sentences, and use the tools \
        for everything that changes from day to day."},
        {"role":"user","content":"We are two adults and a child and want to go from Uppsala to the \
        sea next Saturday. Is the weather going to be good enough for swimming, and how do we get \
        there without a car?"},
        {"role":"assistant","content":"","tool_calls":[{"id":"call00001","type":"function",\
        "function":{"name":"get_weather","arguments":{"place":"Öregrund","days":7,"units":\
        "metric"}}}]},
        {"role":"tool","tool_call_id":"call00001","name":"get_weather","content":"{\\"saturday\\": \
        {\\"sky\\": \\"clear\\", \\"air\\": 24.5, \\"water\\": 18.0, \\"wind\\": \\"SW 4 m/s\\"}}"},
        {"role":"assistant","content":"Saturday is clear: 24.5 °C in the air, 18 °C in the water, \
        a light wind.\\n\\nThe bus 811 goes from Uppsala to Öregrund in about 80 minutes."},
        {"role":"user","content":"Great. Which bus do we take to be there before eleven, and what \
        does it cost for the three of us?"},
        {"role":"assistant","content":"The 8:42 from the central station is there at 10:05. Two \
        adults and a child pay 312 kr both ways."},
        {"role":"user","content":"Then please write that down as a plan, and book nothing yet."}]
        """

    static let tools = """
        [{"type":"function","function":{"name":"get_weather","description":"The forecast for a \
        place.","parameters":{"type":"object","properties":{"place":{"type":"string","description":\
        "A town."},"days":{"type":"integer","minimum":1},"units":{"type":"string","enum":["metric",\
        "imperial"]}},"required":["place"]}}},
        {"type":"function","function":{"name":"find_connections","description":"Buses and trains \
        between two places.","parameters":{"type":"object","properties":{"from":{"type":"string"},\
        "to":{"type":"string"},"arrive_before":{"type":"string","description":"HH:MM"}},\
        "required":["from","to"]}}},
        {"type":"function","function":{"name":"get_fare","description":"The price of a \
        connection.","parameters":{"type":"object","properties":{"connection":{"type":"string"},\
        "adults":{"type":"integer"},"children":{"type":"integer"}},"required":["connection",\
        "adults"]}}}]
        """

    static func conversation() throws -> ChatConversation {
        var trip = ConversationMessage(role: .assistant, content: .absent)
        trip.toolCalls = [
            .init(
                id: "call00001", name: "get_weather",
                arguments: #"{"place":"Öregrund","days":7,"units":"metric"}"#)
        ]
        var result = ConversationMessage(.tool, try text(3))
        result.toolCallID = "call00001"
        result.name = "get_weather"
        var conversation = try ChatConversation([
            .init(.system, text(0)), .init(.user, text(1)), trip, result,
            .init(.assistant, text(4)),
            .init(.user, text(5)), .init(.assistant, text(6)), .init(.user, text(7)),
        ])
        try conversation.setTools(tools)
        return conversation
    }

    /// The content of a message.
    private static func text(_ index: Int) throws -> String {
        guard case .list(let list) = try TemplateValue(json: Array(messages.utf8)),
            case .text(let text)? = list[index][key: "content"]
        else { throw BenchError("the sample conversation is broken") }
        return text.string
    }
}

/// Templates of three shapes: roles between marks, roles in headers, instructions in brackets.
enum SampleTemplate: String, CaseIterable {
    case marks, headers, brackets

    var source: String {
        switch self {
        case .marks: Self.marksSource
        case .headers: Self.headersSource
        case .brackets: Self.bracketsSource
        }
    }

    private static let marksSource = #"""
        {%- set ns = namespace(last=-1) %}
        {%- for m in messages if m.role == 'user' %}{% set ns.last = loop.index0 %}{% endfor %}
        {{- '<|im_start|>system\n' }}
        {%- if messages[0].role == 'system' %}{{- messages[0].content + '\n\n' }}{%- endif %}
        {%- if tools %}
            {{- '# Tools\n\nOne function a line:\n<tools>' }}
            {%- for tool in tools %}{{- '\n' + (tool | tojson) }}{%- endfor %}
            {{- '\n</tools>\n\nA call is one line of JSON between <tool_call> and </tool_call>.' }}
        {%- endif %}
        {{- '<|im_end|>\n' }}
        {%- for m in messages %}
            {%- set content = m.content if m.content is string else '' %}
            {%- if m.role == 'user' or (m.role == 'system' and not loop.first) %}
                {{- '<|im_start|>' + m.role + '\n' + content + '<|im_end|>\n' }}
            {%- elif m.role == 'assistant' %}
                {%- if '</think>' in content %}
                    {%- set content = content.split('</think>')[-1].lstrip('\n') %}
                {%- endif %}
                {{- '<|im_start|>assistant\n' + content }}
                {%- for call in m.tool_calls or [] %}
                    {%- set call = call.function if call.function else call %}
                    {{- '\n' if content or not loop.first }}
                    {{- '<tool_call>\n{"name": "' + call.name + '", "arguments": ' }}
                    {{- call.arguments if call.arguments is string else call.arguments | tojson }}
                    {{- '}\n</tool_call>' }}
                {%- endfor %}
                {{- '<|im_end|>\n' }}
            {%- elif m.role == 'tool' %}
                {%- if loop.first or loop.previtem.role != 'tool' %}
                    {{- '<|im_start|>user' }}
                {%- endif %}
                {{- '\n<tool_response>\n' + content + '\n</tool_response>' }}
                {%- if loop.last or loop.nextitem.role != 'tool' %}
                    {{- '<|im_end|>\n' }}
                {%- endif %}
            {%- endif %}
        {%- endfor %}
        {%- if add_generation_prompt %}{{- '<|im_start|>assistant\n' }}{%- endif %}
        """#

    private static let headersSource = #"""
        {{- bos_token }}
        {%- if messages[0]['role'] == 'system' %}
            {%- set system = messages[0]['content'] | trim %}{%- set messages = messages[1:] %}
        {%- else %}
            {%- set system = '' %}
        {%- endif %}
        {%- macro open(role) %}{{ '<|start_header|>' + role + '<|end_header|>\n\n' }}{% endmacro %}
        {{- open('system') }}
        {{- 'Today: ' + strftime_now('%d %b %Y') + '\n\n' }}
        {%- if tools is not none %}
            {{- 'Answer with a function call if that helps. Functions:\n\n' }}
            {%- for t in tools %}{{- t | tojson(indent=4) }}{{- '\n\n' }}{%- endfor %}
        {%- endif %}
        {{- system + '<|eot|>' }}
        {%- for message in messages %}
            {%- if message.role == 'tool' %}
                {{- open('ipython') }}
                {{- message.content if message.content is string else message.content | tojson }}
                {{- '<|eot|>' }}
            {%- elif message.tool_calls is defined and message.tool_calls %}
                {%- for call in message.tool_calls %}
                    {{- open('assistant') + '{"name": "' + call.function.name }}
                    {{- '", "parameters": ' }}
                    {{- call.function.arguments | tojson }}{{- '}<|eot|>' }}
                {%- endfor %}
            {%- else %}
                {{- open(message['role']) + message['content'] | trim + '<|eot|>' }}
            {%- endif %}
        {%- endfor %}
        {%- if add_generation_prompt %}{{- open('assistant') }}{%- endif %}
        """#

    private static let bracketsSource = #"""
        {%- if messages[0].role == 'system' %}
            {%- set system = messages[0].content %}{%- set rest = messages[1:] %}
        {%- else %}
            {%- set rest = messages %}
        {%- endif %}
        {%- set user = rest | selectattr('role', 'equalto', 'user') | list %}
        {{- bos_token }}
        {%- for m in rest %}
            {%- if m.role == 'user' %}
                {%- if tools is not none and m == user[-1] %}
                    {{- '[AVAILABLE_TOOLS] [' }}
                    {%- for tool in tools %}
                        {{- '{"type": "function", "function": {' }}
                        {%- for k, v in tool.function.items() if k != 'return' %}
                            {%- if v is string %}{{- '"' + k + '": "' + v + '"' }}
                            {%- else %}{{- '"' + k + '": ' + v | tojson }}{%- endif %}
                            {{- ', ' if not loop.last }}
                        {%- endfor %}
                        {{- '}}' }}{{- ', ' if not loop.last else ']' }}
                    {%- endfor %}
                    {{- '[/AVAILABLE_TOOLS]' }}
                {%- endif %}
                {{- '[INST] ' }}
                {%- if system is defined and loop.last %}{{- system + '\n\n' }}{%- endif %}
                {{- m.content + '[/INST]' }}
            {%- elif m.tool_calls is defined and m.tool_calls is not none %}
                {{- '[TOOL_CALLS] [' }}
                {%- for call in m.tool_calls %}
                    {%- set out = call.function | tojson %}
                    {%- if call.id | length != 9 %}{{ raise_exception('ids have 9 characters') }}
                    {%- endif %}
                    {{- out[:-1] + ', "id": "' + call.id + '"}' }}{{- ', ' if not loop.last }}
                {%- endfor %}
                {{- ']' + eos_token }}
            {%- elif m.role == 'assistant' %}
                {{- ' ' + m.content + eos_token }}
            {%- elif m.role == 'tool' %}
                {{- '[TOOL_RESULTS] {"content": ' + m.content | string + ', "call_id": "' }}
                {{- m.tool_call_id + '"}[/TOOL_RESULTS]' }}
            {%- endif %}
        {%- endfor %}
        """#
}
