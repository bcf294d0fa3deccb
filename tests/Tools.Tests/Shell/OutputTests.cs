using AgentRuntime.Tools.Shell;

namespace AgentRuntime.Tools.Tests.Shell;

public class OutputTests
{
    [Fact]
    public void KeepsHeadAndTail()
    {
        var buffer = new HeadTailBuffer(9);
        foreach (var c in "abcdefghijklmnopqrstuvwxyz")
            buffer.Append([c]);
        Assert.Equal("abc\n[… 17 characters left out …]\nuvwxyz", buffer.ToString());
    }

    [Fact]
    public void WhatFitsIsWhole()
    {
        var buffer = new HeadTailBuffer(9);
        buffer.Append("ab");
        buffer.Append("cdefghi");
        Assert.Equal("abcdefghi", buffer.ToString());
    }

    [Fact]
    public void SurrogatePairsAreNotCut()
    {
        var buffer = new HeadTailBuffer(9);
        buffer.Append("ab🙂....🙂12345");
        Assert.Equal("ab\n[… 8 characters left out …]\n12345", buffer.ToString());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    [InlineData(100)]
    public void RemovesTheWordWhereverItIsSplit(int size)
    {
        var remover = new TextRemover("/tmp/r/");
        var text = "/tmp/r/a(1): /tmp/x /tmp//tmp/r/b /tmp/r";
        var output = string.Concat(text.Chunk(size).Select(piece => remover.Push(piece))) + remover.Flush();
        Assert.Equal("a(1): /tmp/x /tmp/b /tmp/r", output);
    }
}
