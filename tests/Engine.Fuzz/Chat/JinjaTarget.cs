using System.Text;
using System.Text.Json;
using AgentRuntime.Engine.Chat;
using AgentRuntime.Engine.Models.Synthesis;

namespace AgentRuntime.Engine.Fuzz.Chat;

/// <summary>Chat templates: each that parses renders a conversation with tools, or says why not.</summary>
internal sealed class JinjaTarget : IFuzzTarget
{
    private static readonly ChatTemplateInput Conversation = ChatTemplateInput.FromJson(JsonDocument.Parse(
        """
        {"messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"What is 2 + 2?"},
        {"role":"assistant","content":"","tool_calls":[{"type":"function","function":{"name":"add","arguments":{"a":2,"b":[2.5,null,true]}}}]},
        {"role":"tool","content":"4"}],"tools":[{"type":"function","function":{"name":"add","description":"Adds.","parameters":{"type":"object"}}}],
        "add_generation_prompt":true,"now":"2026-01-02T03:04:05Z"}
        """).RootElement);

    public string Name => "jinja";

    public IReadOnlyList<byte[]> Seeds { get; } =
    [
        Encoding.UTF8.GetBytes(SyntheticVocabulary.ChatTemplate),
        """
        {%- macro show(x, n=2) -%}{{ x | trim | upper ~ n }}{%- endmacro -%}
        {%- set ns = namespace(i=0, seen=[]) -%}
        {%- for m in messages if m.role != 'tool' recursive -%}
        {%- set ns.i = ns.i + 1 -%}
        {{ loop.index0 }}{{ show(m['content'][1:-1:2], n=loop.length) }}
        {%- if loop.last or not loop.first %}{% break %}{% elif ns.i is divisibleby(3) %}{% continue %}{% endif -%}
        {%- else %}none{% endfor -%}
        {{ tools | tojson(indent=2) }}{{ {'a': (1, 2.5e3, -3 // 2 ** 2 % 5)} | items | list }}
        {{- 'x' if a is not defined and 1 < 2 <= 3 else raise_exception('no') }}
        {{- "a,b".split(",") | join('-') | replace('a', 'b') }}{{ strftime_now('%d %b %Y') }}{# note #}{% raw %}{{ }}{% endraw %}
        {{- range(3) | map('string') | select('ne', '1') | sort(reverse=true) | first }}{% filter upper %}x{% endfilter %}
        """u8.ToArray(),
    ];

    public IReadOnlyList<byte[]> Dictionary { get; } =
    [
        .. new[]
        {
            "{{", "}}", "{%", "%}", "{%-", "-%}", "{#", "#}", "((((((((", "[[[[[[[[", "~", "**", "//", "|", " is ", " in ", " not ", "for x in ", "range(99999)", "'a' * 999999",
            "loop", "{% for a in range(999) %}", "{% endfor %}", "{% if true %}", "{% endif %}", "{% set a = [a, a] %}", "show(show)", "\\u", "messages", "|tojson", ".format(", "%s", "9999999999999999999",
        }.Select(Encoding.UTF8.GetBytes),
    ];

    public bool Run(byte[] input)
    {
        ChatTemplate.Parse(Encoding.UTF8.GetString(input)).Render(Conversation);
        return true;
    }
}
