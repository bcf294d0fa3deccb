namespace AgentRuntime.Engine.Tests.Chat.Jinja;

public class AccessTests
{
    [Theory]
    [InlineData(
        "{{ s[0] }}{{ s[-1] }}{{ s[99] }}|{{ s[1:4] }}|{{ s[::-1] }}|{{ s[-3:] }}|{{ s[:-3] }}|{{ s[::2] }}|{{ s[5:1] }}",
        "Hd|ell|dlroW olleH|rld|Hello Wo|HloWrd|")]
    [InlineData(
        "{{ u[1] }}{{ u[2] }}{{ u[2:] }}{{ u | length }}{{ u[::-1] }}{{ u | list }}",
        "é🙂🙂b4b🙂éa['a', 'é', '🙂', 'b']")]
    [InlineData(
        "{{ l[1:] }} {{ l[::-1] }} {{ l[:-1] }} {{ l[-100:100] }} {{ l[5:] }} {{ l[2:0:-1] }} {{ (1, 2, 3)[1:] }}",
        "[1, 2] [2, 1, 3] [3, 1] [3, 1, 2] [] [2, 1] (2, 3)")]
    [InlineData(
        "{{ d.b }} {{ d['b'] }} {{ d.a.x[1] }} {{ d.a['x'][0] }} {{ d.zz }} {{ d['items'] }} {{ d.items() | list }} {{ l.0 }} {{ d.a.x.0 }}",
        "1 1 2 1  own [('b', 1), ('a', {'x': [1, 2]}), ('items', 'own')] 3 1")]
    [InlineData(
        "{{ ms[0].role }} {{ ms[-1]['content'] }} {{ ms[1:][0].role }} {{ ms[9] is defined }} {{ d.get('b') }} {{ d.get('q') }} {{ d.get('q', 5) }}",
        "user q2 assistant False 1 None 5")]
    [InlineData(
        "{{ d.keys() | list }} {{ d.values() | list }} {{ d | items | list }} {{ d | list }} {{ d | length }}",
        "['b', 'a', 'items'] [1, {'x': [1, 2]}, 'own'] [('b', 1), ('a', {'x': [1, 2]}), ('items', 'own')] ['b', 'a', 'items'] 3")]
    [InlineData(
        "{{ 'abc'.upper() }} {{ 'ABC'.lower() }} {{ ' x '.strip() }}| {{ 'xxaxx'.strip('x') }} {{ 'xxa'.lstrip('x') }} {{ 'axx'.rstrip('x') }}",
        "ABC abc x| a a a")]
    [InlineData(
        "{{ 'a,b,c'.split(',') }} {{ ' a  b '.split() }} {{ 'a,b,c'.split(',', 1) }} {{ 'a,b,c'.rsplit(',', 1) }} {{ 'a b c'.split(maxsplit=1) }} {{ ' a b '.rsplit(none, 1) }}",
        "['a', 'b', 'c'] ['a', 'b'] ['a', 'b,c'] ['a,b', 'c'] ['a', 'b c'] [' a', 'b']")]
    [InlineData(
        "{{ 'hello'.startswith('he') }} {{ 'hello'.endswith(('x', 'lo')) }} {{ 'hello'.startswith('l', 2) }} {{ 'hello'.find('l') }} {{ 'hello'.rfind('l') }} {{ 'hello'.find('z') }} {{ 'hello'.count('l') }} {{ 'hello'.index('e') }}",
        "True True True 2 3 -1 2 1")]
    [InlineData(
        "{{ 'aXbX'.replace('X', '-') }} {{ 'aXbX'.replace('X', '-', 1) }} {{ 'ab'.replace('', '.') }} {{ 'hello world'.title() }} {{ \"they're\".title() }} {{ 'hELLO'.capitalize() }} {{ 'aB'.swapcase() }}",
        "a-b- a-bX .a.b. Hello World They'Re Hello Ab")]
    [InlineData(
        "{{ '-'.join(['a', 'b']) }} {{ 'a\\nb\\r\\nc'.splitlines() }} {{ 'a\\nb\\n'.splitlines(true) }} {{ '42'.zfill(5) }} {{ '-42'.zfill(5) }} {{ 'a'.center(4) }}| {{ 'ab'.center(5) }}| {{ 'a'.ljust(3, '.') }} {{ 'a'.rjust(3) }}",
        "a-b ['a', 'b', 'c'] ['a\\n', 'b\\n'] 00042 -0042  a  |   ab | a..   a")]
    [InlineData(
        "{{ '12'.isdigit() }} {{ 'a1'.isalnum() }} {{ 'a'.isalpha() }} {{ ''.isalpha() }} {{ ' '.isspace() }} {{ 'A'.isupper() }} {{ 'a b'.islower() }} {{ 'a=b=c'.partition('=') }} {{ 'a=b=c'.rpartition('=') }} {{ 'abc'.removeprefix('a') }} {{ 'abc'.removesuffix('c') }}",
        "True True True False True True True ('a', '=', 'b=c') ('a=b', '=', 'c') bc ab")]
    [InlineData(
        "{{ '{} {} {0}'.format(1, 2) if false else '{} {}'.format(1, 2) }} {{ '{0} {1} {0}'.format('a', 'b') }} {{ '{x:>5}|{y:.2f}|{z:05d}|{x!r}'.format(x='a', y=1.005, z=42) }} {{ '{:,}'.format(1234567) }} {{ '{{}}{}'.format(1) }} {{ '{:<4}|{:^5}|{:e}'.format('a', 'b', 12.5) }}",
        "1 2 a b a     a|1.00|00042|'a' 1,234,567 {}1 a   |  b  |1.250000e+01")]
    [InlineData(
        "{{ [1, 2, 1].count(1) }} {{ [1, 2].index(2) }} {{ (1, 2).count(2) }}",
        "2 1 1")]
    [InlineData(
        "{{ 'a\\tb'.expandtabs(4) }}",
        "a   b")]
    public void Items_slices_and_methods_follow_Python(string source, string expected) => Assert.Equal(expected, JinjaSample.Render(source));
}
