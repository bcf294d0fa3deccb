namespace AgentRuntime.Engine.Tests.Chat.Jinja;

public class OperatorsTests
{
    [Theory]
    [InlineData(
        "{{ 7 // 2 }} {{ -7 // 2 }} {{ 7 % 3 }} {{ -7 % 3 }} {{ 7 % -3 }} {{ 7 / 2 }} {{ 6 / 2 }} {{ 2 ** 10 }} {{ 2 ** -1 }} {{ 2 ** 3 ** 2 }}",
        "3 -4 1 2 -2 3.5 3.0 1024 0.5 64")]
    [InlineData(
        "{{ -7.5 // 2 }} {{ -7.5 % 2 }} {{ 1.5 + 1 }} {{ 2 * 1.5 }} {{ 10 - 2 - 3 }}",
        "-4.0 0.5 2.5 3.0 5")]
    [InlineData(
        "{{ -2 ** 2 }} {{ -i|abs }} {{ - 3 }} {{ +3 }}",
        "4 7 -3 3")]
    [InlineData(
        "{{ true + 1 }} {{ true == 1 }} {{ 1 == 1.0 }} {{ '1' == 1 }} {{ none == false }}",
        "2 True True False False")]
    [InlineData(
        "{{ 1 < 2 < 3 }} {{ 1 < 3 < 2 }} {{ 1 < 2 > 1 }} {{ 'a' < 'b' }} {{ [1, 2] < [1, 3] }} {{ (1,) <= (1, 0) }}",
        "True False True True True True")]
    [InlineData(
        "{{ 1 in l }} {{ 9 not in l }} {{ 'ell' in s }} {{ 'a' in d }} {{ 'x' in missing }} {{ not 1 in l }} {{ '' in 'abc' }}",
        "True True True True False False True")]
    [InlineData(
        "{{ 1 and 0 or 'x' }} {{ '' or none }} {{ not '' }} {{ not not 1 }} {{ 0 and missing.x }}",
        "x None True True 0")]
    [InlineData(
        "{{ 'a' + 'b' * 3 }} {{ 3 * 'ab' }} {{ [1] + [2] }} {{ [0] * 3 }} {{ (1,) + (2,) }}",
        "abbb ababab [1, 2] [0, 0, 0] (1, 2)")]
    [InlineData(
        "{{ 'a' ~ 1 + 2 ~ 'b' }} {{ 1 ~ 2 * 3 }}",
        "a12b 16")]
    [InlineData(
        "{{ 'yes' if i > 5 else 'no' }} {{ 'yes' if i > 50 }}| {{ 1 if 0 else 2 if 0 else 3 }}",
        "yes | 3")]
    [InlineData(
        "{{ (1 if t) + 1 }} {{ [1, 2] == [1, 2] }} {{ [1, 2] == (1, 2) }} {{ {'a': 1} == {'a': 1.0} }} {{ missing == missing2 }} {{ missing != 1 }}",
        "2 True False True True True")]
    [InlineData(
        "{{ \"%s is %d or %.2f, %5d|%-5d|%05d|%x|%r|%%\" | format('a', 3, 2.345, 42, 42, 42, 255, 'q') }}",
        "a is 3 or 2.35,    42|42   |00042|ff|'q'|%")]
    [InlineData(
        "{{ \"%s-%s\" % ('a', 'b') }} {{ \"%(x)s\" % {'x': 1} }} {{ '%s' % l }} {{ '%e %g %g' % (12345.678, 0.0001, 1e10) }}",
        "a-b 1 [3, 1, 2] 1.234568e+04 0.0001 1e+10")]
    [InlineData(
        "{{ 5 is divisibleby 5 }} {{ 4 is even }} {{ 4 is odd }} {{ 3 is in [1, 3] }} {{ 3 is not in [1] }} {{ i is eq 7 }} {{ i is gt(3) }} {{ 'a' is ne 'b' }}",
        "True True False True True True True True")]
    public void Operators_follow_Python(string source, string expected) => Assert.Equal(expected, JinjaSample.Render(source));
}
