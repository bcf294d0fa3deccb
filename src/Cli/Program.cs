Console.WriteLine("agentrt");
