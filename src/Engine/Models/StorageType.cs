namespace AgentRuntime.Engine.Models;

/// <summary>How the numbers of a tensor are stored. The values are GGUF's type ids.</summary>
public enum StorageType
{
    /// <summary>32-bit IEEE float.</summary>
    F32 = 0,
    /// <summary>16-bit IEEE float.</summary>
    F16 = 1,
    /// <summary>Blocks of 32: F16 scale, 4-bit values less 8.</summary>
    Q4_0 = 2,
    /// <summary>Blocks of 32: F16 scale and minimum, 4-bit values.</summary>
    Q4_1 = 3,
    /// <summary>Blocks of 32: F16 scale, 5-bit values less 16.</summary>
    Q5_0 = 6,
    /// <summary>Blocks of 32: F16 scale and minimum, 5-bit values.</summary>
    Q5_1 = 7,
    /// <summary>Blocks of 32: F16 scale, 8-bit signed values.</summary>
    Q8_0 = 8,
    /// <summary>Super-blocks of 256, 2-bit values, 4-bit scales and minima per 16.</summary>
    Q2_K = 10,
    /// <summary>Super-blocks of 256, 3-bit values, 6-bit scales per 16.</summary>
    Q3_K = 11,
    /// <summary>Super-blocks of 256, 4-bit values, 6-bit scales and minima per 32.</summary>
    Q4_K = 12,
    /// <summary>Super-blocks of 256, 5-bit values, 6-bit scales and minima per 32.</summary>
    Q5_K = 13,
    /// <summary>Super-blocks of 256, 6-bit values, 8-bit scales per 16.</summary>
    Q6_K = 14,
    /// <summary>Blocks of 32: F16 scale, 4-bit indexes into a table of 16 values.</summary>
    IQ4_NL = 20,
    /// <summary>Super-blocks of 256, 4-bit indexes into a table of 16 values, 6-bit scales per 32.</summary>
    IQ4_XS = 23,
    /// <summary>16-bit brain float.</summary>
    BF16 = 30,
    /// <summary>Blocks of 32: 8-bit exponent, 4-bit E2M1 floats (OCP microscaling).</summary>
    MXFP4 = 39,
}
