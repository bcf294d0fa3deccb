using System.Runtime.InteropServices;

namespace AgentRuntime.Tools.Files;

/// <summary>Tells regular files from pipes, sockets and devices, which .NET does not: reading one of those could block for ever.</summary>
internal static partial class FileSystemEntry
{
    /// <summary>Whether a path is a regular file (not a link to one).</summary>
    public static bool IsRegularFile(string path)
    {
        if (!OperatingSystem.IsLinux())
            return File.Exists(path) && (File.GetAttributes(path) & (FileAttributes.Device | FileAttributes.ReparsePoint)) == 0;

        // struct statx has one layout on every processor, unlike struct stat; stx_mode is a u16 at byte 28.
        const int currentDirectory = -100, symlinkNoFollow = 0x100, maskType = 1, typeBits = 0xF000, regular = 0x8000;
        Span<byte> status = stackalloc byte[256];
        unsafe
        {
            fixed (byte* pointer = status)
                if (Statx(currentDirectory, path, symlinkNoFollow, maskType, pointer) != 0)
                    return false;
        }

        return (MemoryMarshal.Read<ushort>(status[28..]) & typeBits) == regular;
    }

    /// <summary>The real path of an open file where the system can say it, to compare with the path that was checked; else null.</summary>
    public static string? PathOf(Microsoft.Win32.SafeHandles.SafeFileHandle handle) =>
        OperatingSystem.IsLinux() ? new FileInfo($"/proc/self/fd/{handle.DangerousGetHandle()}").LinkTarget : null;

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int Statx(int folder, string path, int flags, uint mask, byte* status);
}
