using AgentRuntime.Tools.Approval;
using AgentRuntime.Tools.Sandbox;

namespace AgentRuntime.Tools.Tests.Shell;

/// <summary>A console project without packages builds inside the sandbox, offline, and says only what the model should read.</summary>
public class DotnetTests
{
    [Fact]
    public async Task AProjectBuildsInTheSandbox()
    {
        Assert.SkipUnless(SandboxProbe.Status.Works, SandboxProbe.Status.Detail);
        using var repository = new TempRepository(SandboxProbe.Status.Sandbox, new ApprovalPolicy(ApprovalMode.Auto, sandboxed: true));
        repository.Write("app.csproj", """
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
                <ImplicitUsings>enable</ImplicitUsings>
                <UseAppHost>false</UseAppHost>
              </PropertyGroup>
            </Project>
            """);
        repository.Write("src/Cart.cs", "static class Cart\n{\n    public static int Price(int price) => prcie;\n}\n");
        repository.Write("Tests.cs", "Console.WriteLine($\"{Cart.Price(2)} passed\");\nreturn 1;\n");
        var broken = await repository.Call("run_command", ("command", "dotnet run"));
        Assert.Equal(
            "src/Cart.cs(3,43): error CS0103: The name 'prcie' does not exist in the current context [app.csproj]\n\n"
            + "The build failed. Fix the build errors and run again.\nexit code 1",
            broken.Text);
    }
}
