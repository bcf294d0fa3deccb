// Drives a server with OpenAI's own client and says what does not hold: node driver.mjs BASE_URL MODEL
import assert from "node:assert/strict";
import OpenAI from "openai";

const [baseURL, model] = process.argv.slice(2);
const client = new OpenAI({ baseURL, apiKey: "none", maxRetries: 0 });
const call = '<tool_call>\n{"name": "add", "arguments": {"a": 2, "b": 3}}\n</tool_call>';
const parameters = { type: "object", properties: { a: { type: "integer" }, b: { type: "integer" } }, required: ["a", "b"], additionalProperties: false };

const checks = {
  async "models are listed"() {
    const ids = [];
    for await (const each of client.models.list()) ids.push(each.id);
    assert.deepEqual(ids, [model]);
    assert.equal((await client.models.retrieve(model)).owned_by, "agentruntime");
  },

  async "a chat completion"() {
    const reply = await client.chat.completions.create({ model, messages: [{ role: "user", content: "say:Hello, world." }] });
    assert.equal(reply.choices[0].message.content, "Hello, world.");
    assert.equal(reply.choices[0].finish_reason, "stop");
    assert.ok(reply.usage.prompt_tokens > 5 && reply.usage.prompt_tokens_details.cached_tokens >= 0);
  },

  async "a streamed chat completion"() {
    const stream = client.chat.completions.stream({ model, messages: [{ role: "user", content: "say:Piece by piece: Ω." }], stream_options: { include_usage: true } });
    let pieces = 0;
    stream.on("content", () => pieces++);
    assert.equal(await stream.finalContent(), "Piece by piece: Ω.");
    assert.ok(pieces > 3);
    assert.ok((await stream.totalUsage()).completion_tokens > 3);
  },

  async "tools that the client runs"() {
    const sums = [];
    const runner = client.chat.completions.runTools({
      model,
      messages: [{ role: "user", content: "say:" + call }],
      tools: [{ type: "function", function: { name: "add", description: "Adds.", parameters, parse: JSON.parse, function: ({ a, b }) => (sums.push(a + b), "say:It is " + (a + b) + ".") } }],
    });
    assert.equal(await runner.finalContent(), "It is 5.");
    assert.deepEqual(sums, [5]);
  },

  async "tool calls that are streamed"() {
    const stream = client.chat.completions.stream({ model, messages: [{ role: "user", content: "say:" + call }], tools: [{ type: "function", function: { name: "add", parameters } }] });
    const message = (await stream.finalChatCompletion()).choices[0].message;
    assert.deepEqual(JSON.parse(message.tool_calls[0].function.arguments), { a: 2, b: 3 });
  },

  async "structured output"() {
    const schema = { type: "object", properties: { answer: { enum: ["yes"] } }, required: ["answer"], additionalProperties: false };
    const reply = await client.chat.completions.parse({
      model,
      messages: [{ role: "user", content: "say:no JSON at all" }],
      response_format: { type: "json_schema", json_schema: { name: "answer", schema, strict: true } },
    });
    assert.deepEqual(JSON.parse(reply.choices[0].message.content), { answer: "yes" });
  },

  async "a response that is continued"() {
    const first = await client.responses.create({ model, input: "say:one" });
    assert.equal(first.output_text, "one");
    const second = await client.responses.create({ model, input: "say:two", previous_response_id: first.id });
    assert.equal(second.output_text, "two");
    assert.equal(second.usage.input_tokens_details.cached_tokens, first.usage.total_tokens - 1);
  },

  async "a streamed response with a call"() {
    const types = [];
    const stream = client.responses.stream({ model, input: "say:Well.\n" + call, tools: [{ type: "function", name: "add", parameters, strict: false }] });
    for await (const event of stream) types.push(event.type);
    const whole = await stream.finalResponse();
    assert.equal(whole.output[0].content[0].text, "Well.");
    assert.deepEqual(whole.output.map(item => item.type), ["message", "function_call"]);
    assert.deepEqual(JSON.parse(whole.output[1].arguments), { a: 2, b: 3 });
    for (const type of ["response.created", "response.output_text.delta", "response.function_call_arguments.done", "response.completed"]) assert.ok(types.includes(type), type);
  },

  async "a text completion"() {
    const reply = await client.completions.create({ model, prompt: "say:one two|", max_tokens: 20, logprobs: 1 });
    assert.equal(reply.choices[0].text, "one two");
    assert.equal(reply.choices[0].logprobs.tokens.length, reply.usage.completion_tokens);
  },

  async "errors of the right class"() {
    await assert.rejects(client.models.retrieve("other"), OpenAI.NotFoundError);
    await assert.rejects(client.chat.completions.create({ model, messages: [] }), OpenAI.BadRequestError);
    await assert.rejects(client.embeddings.create({ model, input: "x" }), error => error instanceof OpenAI.BadRequestError && /Embeddings/.test(error.message));
  },

  async "a stream that is left"() {
    const stream = await client.chat.completions.create({ model, stream: true, messages: [{ role: "user", content: "on and on" }] });
    for await (const _ of stream) break;
  },
};

let failed = 0;
for (const [name, check] of Object.entries(checks)) {
  try {
    await check();
    console.log("ok " + name);
  } catch (error) {
    failed++;
    console.log("failed " + name + ": " + error.stack);
  }
}
process.exitCode = failed === 0 ? 0 : 1;
