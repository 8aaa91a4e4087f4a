// AWS's TypeScript testing SDK as the durable service of Python handlers: one HTTP server for whoever starts executions
// and for the handlers, which take it for Lambda. It knows no scenario: each execution comes with the address of its
// driver, who invokes the handler and says what callbacks are answered. Nothing but the peer's public calls is used.
//
// Two faults of the peer (1.1.4) are bridged here, marked FAULT:
// 1. A callback that is to have no heartbeat (`HeartbeatTimeoutSeconds: 0`, as the Python SDK says it) times out at once.
// 2. Its EXECUTION operation is not called as the ARN ends: there the Python SDK looks for the execution's input.
"use strict";
const http = require("node:http");
const { LocalDurableTestRunner, WaitingOperationStatus } = require("@aws/durable-execution-sdk-js-testing");

const realTimeout = setTimeout; // the peer puts its own in the place, to skip waits
const pause = (seconds) => new Promise((resolve) => realTimeout(resolve, seconds * 1000));
const SERVICE = /^\/(\d+)\/2025-12-01\/durable-executions\/[^/]+\/(checkpoint|state)$/;
const executions = new Map();
let address;

/** The same document with other moments: the peer has them as dates, its clients as numbers. */
function dated(value, of) {
  if (value instanceof Date) return of(value);
  if (Buffer.isBuffer(value) || value instanceof Uint8Array) return Buffer.from(value).toString();
  if (Array.isArray(value)) return value.map((one) => dated(one, of));
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, dated(one, of)]));
}
const inSeconds = (value) => dated(value, (moment) => moment.getTime() / 1000);
const inMilliseconds = (value) => dated(value, (moment) => moment.getTime());

/** Ask the driver of an execution. */
function post(url, document) {
  return new Promise((resolve, reject) => {
    const request = http.request(url, { method: "POST", headers: { "content-type": "application/json" } }, (response) => {
      body(response).then((text) => (response.statusCode === 200 ? resolve(JSON.parse(text)) : reject(new Error(text))), reject);
    });
    request.on("error", reject);
    request.end(JSON.stringify(document));
  });
}

async function body(stream) {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

class Execution {
  constructor(number, { driver, arn, event }) {
    this.endpoint = `${address}/${number}`; // what its handlers take for Lambda
    this.driver = driver;
    this.arn = arn;
    this.event = event;
    this.callbacks = []; // those that are open, and what becomes of each
    this.answering = [];
    this.runner = new LocalDurableTestRunner({ handlerFunction: (input) => this.invoke(input) });
  }

  /** FAULT 2 */
  named(operation) {
    return operation.Type === "EXECUTION" ? { ...operation, Id: this.arn.split("/").at(-1) } : operation;
  }

  async invoke(input) {
    this.client = input.durableExecutionClient;
    this.execution = input.DurableExecutionArn;
    const operations = input.InitialExecutionState.Operations.map((one) => this.named(one));
    const outcome = await post(`${this.driver}/invoke`, {
      endpoint: this.endpoint,
      event: inMilliseconds({
        DurableExecutionArn: this.arn,
        CheckpointToken: input.CheckpointToken,
        InitialExecutionState: { ...input.InitialExecutionState, Operations: operations },
        UpdatedOperationIds: input.UpdatedOperationIds,
      }),
    });
    if (outcome.error) throw Object.assign(new Error(outcome.error.errorMessage), { name: outcome.error.errorType });
    if (outcome.output.Status === "PENDING") {
      this.answering.push(...this.callbacks.splice(0).map((callback) => this.answer(callback)));
    }
    return outcome.output;
  }

  async answer({ id, plan }) {
    const operation = this.runner.getOperationById(id);
    await operation.waitForData(WaitingOperationStatus.STARTED);
    for (let beat = 0; beat < (plan.beats ?? 0); beat++) {
      await pause(plan.seconds);
      await operation.sendCallbackHeartbeat();
    }
    if ("succeed" in plan) await operation.sendCallbackSuccess(plan.succeed ?? undefined);
    if ("fail" in plan) await operation.sendCallbackFailure({ ErrorMessage: plan.fail, ErrorType: plan.type ?? undefined });
  }

  async checkpoint(request) {
    for (const update of request.Updates ?? []) {
      if (update.Type !== "CALLBACK" || update.Action !== "START") continue;
      const plan = await post(`${this.driver}/callback`, { name: update.Name });
      if (update.CallbackOptions?.HeartbeatTimeoutSeconds === 0) delete update.CallbackOptions.HeartbeatTimeoutSeconds; // FAULT 1
      if (plan.timeout) update.CallbackOptions = { ...update.CallbackOptions, TimeoutSeconds: plan.timeout };
      this.callbacks.push({ id: update.Id, plan });
    }
    return this.state(await this.client.checkpoint({ ...request, DurableExecutionArn: this.execution }, undefined));
  }

  async page(query) {
    return this.state(
      await this.client.getExecutionState(
        {
          DurableExecutionArn: this.execution,
          CheckpointToken: query.get("CheckpointToken"),
          Marker: query.get("Marker") ?? undefined,
          MaxItems: Number(query.get("MaxItems") ?? 100),
        },
        undefined,
      ),
    );
  }

  state(output) {
    const state = output.NewExecutionState ?? output;
    state.Operations = (state.Operations ?? []).map((one) => this.named(one));
    return inSeconds(output);
  }

  /** From its start to its end, as its history and its operations say it. */
  async run() {
    const result = await this.runner.run({ payload: this.event });
    await Promise.all(this.answering);
    const status = result.getStatus();
    return inMilliseconds({
      status,
      result: status === "SUCCEEDED" ? result.getResult() : null,
      error: status === "SUCCEEDED" ? null : result.getError(),
      operations: result.getOperations().map((one) => one.getOperationData()),
      events: result.getHistoryEvents(),
    });
  }
}

async function handle(request) {
  const url = new URL(request.url, address);
  const service = url.pathname.match(SERVICE);
  const text = await body(request);
  if (service?.[2] === "checkpoint") return executions.get(service[1]).checkpoint(JSON.parse(text));
  if (service) return executions.get(service[1]).page(url.searchParams);
  const number = String(executions.size + 1);
  const execution = new Execution(number, JSON.parse(text));
  executions.set(number, execution);
  return execution.run();
}

const server = http.createServer((request, response) => {
  handle(request).then(
    (document) => {
      response.writeHead(200, { "content-type": "application/json" });
      response.end(JSON.stringify(document));
    },
    (error) => {
      const type = error?.name ?? "InvalidParameterValueException";
      response.writeHead(400, { "content-type": "application/json", "x-amzn-errortype": type });
      response.end(JSON.stringify({ Type: "User", Message: String(error?.message ?? JSON.stringify(error)) }));
    },
  );
});

server.listen(0, "127.0.0.1", async () => {
  address = `http://127.0.0.1:${server.address().port}`;
  await LocalDurableTestRunner.setupTestEnvironment({ skipTime: true });
  process.stdout.write(`${address}\n`);
});
