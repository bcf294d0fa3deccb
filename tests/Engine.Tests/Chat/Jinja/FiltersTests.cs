namespace AgentRuntime.Engine.Tests.Chat.Jinja;

public class FiltersTests
{
    [Theory]
    [InlineData(
        "{{ s | upper }} {{ s | lower }} {{ 'hello-world foo' | title }} {{ 'hELLO wORLD' | capitalize }} {{ '  x ' | trim }}| {{ 'xxaxx' | trim('x') }} {{ 5 | trim }}",
        "HELLO WORLD hello world Hello-World Foo Hello world x| a 5")]
    [InlineData(
        "{{ l | sort }} {{ ls | sort }} {{ ls | sort(case_sensitive=true) }} {{ l | sort(reverse=true) }} {{ ms | sort(attribute='n') | map(attribute='content') | list }} {{ ms | sort(attribute='role,n') | map(attribute='n') | join(',') }}",
        "[1, 2, 3] ['A', 'b', 'c'] ['A', 'b', 'c'] [3, 2, 1] ['a1', 'q1', 'q2'] 1,2,3")]
    [InlineData(
        "{{ l | join }} {{ l | join(', ') }} {{ ms | join('|', attribute='role') }} {{ 'abc' | join('-') }} {{ [1, none, 'a', 1.5] | join('/') }}",
        "312 3, 1, 2 user|assistant|user a-b-c 1/None/a/1.5")]
    [InlineData(
        "{{ l | first }} {{ l | last }} {{ [] | first }}| {{ 'abc' | first }} {{ 'abc' | last }} {{ l | length }} {{ d | count }} {{ l | sum }} {{ ms | sum(attribute='n') }} {{ [1, 2] | sum(start=10) }} {{ l | min }} {{ l | max }} {{ ls | min }} {{ ls | max }} {{ [] | max }}| {{ ms | max(attribute='n') }}",
        "3 2 | a c 3 3 6 6 13 1 3 A c | {'role': 'user', 'content': 'q2', 'n': 3}")]
    [InlineData(
        "{{ l | reverse | list }} {{ 'abc' | reverse }} {{ [1, 2, 1, 3] | unique | list }} {{ ['a', 'A', 'b'] | unique | join }} {{ ms | unique(attribute='role') | map(attribute='content') | list }}",
        "[2, 1, 3] cba [1, 2, 3] ab ['q1', 'a1']")]
    [InlineData(
        "{{ ms | map(attribute='role') | list }} {{ ['a', 'b'] | map('upper') | list }} {{ ms | map(attribute='zz', default='-') | list }} {{ ['1', '2'] | map('int') | sum }} {{ [' a', 'b '] | map('trim') | list }} {{ [[1, 2], [3]] | map('join', '+') | list }}",
        "['user', 'assistant', 'user'] ['A', 'B'] ['-', '-', '-'] 3 ['a', 'b'] ['1+2', '3']")]
    [InlineData(
        "{{ [0, 1, 2, none] | select | list }} {{ [1, 2, 3] | select('odd') | list }} {{ [1, 2, 3] | reject('odd') | list }} {{ [1, 2, 3] | select('gt', 1) | list }} {{ ms | selectattr('role', 'equalto', 'user') | list | length }} {{ ms | selectattr('n', '>', 1) | map(attribute='n') | list }} {{ ms | rejectattr('role', 'eq', 'user') | list }} {{ ms | selectattr('zz') | list }} {{ ms | selectattr('content', 'defined') | list | length }} {{ ms | selectattr('role', 'in', ['user']) | map(attribute='n') | list }}",
        "[1, 2] [1, 3] [2] [2, 3] 2 [2, 3] [{'role': 'assistant', 'content': 'a1', 'n': 1}] [] 3 [2, 3]")]
    [InlineData(
        "{{ missing | default('x') }} {{ '' | default('x') }}| {{ '' | default('x', true) }} {{ none | d('x') }} {{ missing | d }}| {{ 0 | default(5, boolean=true) }}",
        "x | x None | 5")]
    [InlineData(
        "{{ '42' | int }} {{ '4.7' | int }} {{ 'x' | int }} {{ 'x' | int(default=-1) }} {{ '0x1f' | int(base=16) }} {{ 3.9 | int }} {{ -3.9 | int }} {{ true | int }} {{ '1.5' | float }} {{ 'x' | float }} {{ 3 | float }} {{ none | int }} {{ '1e3' | float }} {{ ' 12 ' | int }}",
        "42 4 0 -1 31 3 -3 1 1.5 0.0 3.0 0 1000.0 12")]
    [InlineData(
        "{{ 2.5 | round }} {{ 3.5 | round }} {{ 2.675 | round(2) }} {{ 0.125 | round(2) }} {{ 1.005 | round(2) }} {{ 42.55 | round(1, 'floor') }} {{ 42.51 | round(1, 'ceil') }} {{ 7 | round }} {{ 1234.5 | round(-2) }} {{ -2.5 | round }} {{ 2.5 | round | int }} {{ -3 | abs }} {{ -3.5 | abs }}",
        "2.0 4.0 2.67 0.12 1.0 42.5 42.6 7 1200.0 -2.0 2 3 3.5")]
    [InlineData(
        "{{ 'one two' | replace('o', '0') }} {{ 'aaa' | replace('a', 'b', 2) }} {{ 'the quick brown fox' | wordcount }} {{ 'a' | center(5) }}| {{ 'x y/z?&é' | urlencode }} {{ {'a b': 'c/d', 'e': 1} | urlencode }}",
        "0ne tw0 bba 4   a  | x%20y/z%3F%26%C3%A9 a+b=c%2Fd&e=1")]
    [InlineData(
        "{{ ml | indent }}| {{ ml | indent(2, true) }}| {{ ml | indent(2, blank=true) }}| {{ 'a\\nb' | indent('--') }} {{ 'a\\nb' | indent(width=3, first=true) }}",
        "one\n     two\n\n    three\n|   one\n   two\n\n  three\n| one\n   two\n  \n  three\n  | a\n--b    a\n   b")]
    [InlineData(
        "{{ html | e }} {{ html | escape | escape }} {{ html | safe }} {{ html | forceescape }} {{ '<b>x</b>  y' | striptags }} {{ '<' + ('<' | safe) }} {{ '<' ~ ('<' | safe) }} {{ ('<' | e) + '>' }}",
        "&lt;a href=&#39;x&#39;&gt;&#34;&amp;&lt;/a&gt; &lt;a href=&#39;x&#39;&gt;&#34;&amp;&lt;/a&gt; <a href='x'>\"&</a> &lt;a href=&#39;x&#39;&gt;&#34;&amp;&lt;/a&gt; x y &lt;< << &lt;&gt;")]
    [InlineData(
        "{{ d | dictsort }} {{ {'b': 1, 'A': 2} | dictsort }} {{ {'b': 1, 'A': 2} | dictsort(true) }} {{ {'b': 1, 'a': 2} | dictsort(by='value', reverse=true) }}",
        "[('a', {'x': [1, 2]}), ('b', 1), ('items', 'own')] [('A', 2), ('b', 1)] [('A', 2), ('b', 1)] [('a', 2), ('b', 1)]")]
    [InlineData(
        "{% for k, v in ms | groupby('role') %}{{ k }}={{ v | map(attribute='n') | list }};{% endfor %}{% for g in ms | groupby('role') %}{{ g.grouper }}:{{ g.list | length }} {% endfor %}",
        "assistant=[1];user=[2, 3];assistant:1 user:2 ")]
    [InlineData(
        "{{ [1, 2, 3, 4, 5] | batch(2) | list }} {{ [1, 2, 3] | batch(2, 'x') | list }} {{ [1, 2, 3, 4, 5] | slice(3) | list }} {{ [1, 2, 3, 4] | slice(3, 'x') | list }}",
        "[[1, 2], [3, 4], [5]] [[1, 2], [3, 'x']] [[1, 2], [3, 4], [5]] [[1, 2], [3, 'x'], [4, 'x']]")]
    [InlineData(
        "{{ 'hello world foo bar' | truncate(11) }} {{ 'hello world foo bar' | truncate(11, true) }} {{ 'hello world foo bar' | truncate(11, leeway=0) }} {{ 'hello world' | truncate(9, false, '…', 0) }}",
        "hello... hello wo... hello... hello…")]
    [InlineData(
        "{{ d | attr('b') }}| {{ 'a' | attr('upper') is callable }} {{ [3, 1] | list | string }} {{ 'abc' | list }} {{ {'a': 1} | list }} {{ 5 | string | length }} {{ range(5) | list }} {{ range(1, 10, 3) | list }} {{ range(5, 0, -2) | list }} {{ range(3) | sum }}",
        "| True [3, 1] ['a', 'b', 'c'] ['a'] 1 [0, 1, 2, 3, 4] [1, 4, 7] [5, 3, 1] 3")]
    [InlineData(
        "{{ [3, 1, 2] | sort | first }} {{ ['x'] | first | upper }} {{ (l | length) + 1 }} {{ l | length + 1 }} {{ -l | length if false else 'ok' }} {{ l | select('in', [1, 2]) | list }} {{ [[2, 'b'], [1, 'a']] | sort }} {{ [{'a': 2}, {'a': 1}] | sort(attribute='a') }}",
        "1 X 4 4 ok [1, 2] [[1, 'a'], [2, 'b']] [{'a': 1}, {'a': 2}]")]
    [InlineData(
        "{{ true | round }} {{ none | select | list }} {{ 0 | map('upper') | list }} {{ big | float }} {{ 2.5 * big }} {{ missing is callable }} {{ [html | e] }}",
        "1 [] [] 1.8446744073709552e+19 4.611686018427388e+19 True [Markup('&lt;a href=&#39;x&#39;&gt;&#34;&amp;&lt;/a&gt;')]")]
    public void Filters_follow_Jinja(string source, string expected) => Assert.Equal(expected, JinjaSample.Render(source));
}
