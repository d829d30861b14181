// A Lintel plugin in Node: the handshake, the services that the host calls, and the instances. docs/writing-a-type.md
// describes these parts for all languages.
import { Socket } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import grpc from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";

const cookie = "8d1f6c0e5b7a4293a1c2e0f94d6b3857";
const protocolVersion = "1";
const maxMessage = 32 << 20;

// Failure is an error that reaches the caller: a code of the contract, a message, and details.
export class Failure extends Error {
  constructor(code, message, details = {}) {
    super(message);
    Object.assign(this, { code, details });
  }
}

// main runs one Type:
//
//	{name, title, configFile, configuration, functions: [{name, args, returnType, runsToEnd, exposed, loginRequired, run}],
//	 open(config)}
//
// configuration is the JSON Schema of an instance's configuration. open returns an instance for a configuration and is
// called once for each version of it; without open, the instance is the configuration itself.
// run(instance, args, {requestId, signal}) returns the answer to a call or throws a Failure.
export function main(type) {
  if (process.argv[2] === "describe") {
    console.log(JSON.stringify(description(type), null, 2));
    return;
  }
  if (process.env.LINTEL_PLUGIN !== cookie) {
    console.log(`This is a Lintel plugin, which the runtime starts. Run it with "describe" to print its description.`);
    process.exit(1);
  }
  if (!(process.env.PLUGIN_PROTOCOL_VERSIONS ?? "").split(",").includes(protocolVersion)) {
    console.error(`the host doesn't speak version ${protocolVersion}`);
    process.exit(1);
  }
  endWithTheHost();
  serve(type);
}

function description({ functions, configuration, name, title, configFile }) {
  return {
    types: [
      { name, title, configFile, configSchema: JSON.stringify(configuration), functions: functions.map(({ run, ...declared }) => declared) },
    ],
  };
}

// endWithTheHost ends the process at the end of the lifeline, which the host holds open, and not by a signal: one to
// the whole service or terminal is for the host, which lets calls in flight finish.
function endWithTheHost() {
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"]) process.on(signal, () => {});
  const lifeline = new Socket({ fd: Number(process.env.LINTEL_LIFELINE_FD), readable: true, writable: false });
  lifeline.on("error", () => {}).on("close", () => process.exit(0)).resume();
}

function serve(type) {
  const proto = (file) => join(fileURLToPath(new URL("proto", import.meta.url)), file);
  const services = grpc.loadPackageDefinition(loadSync([proto("element.proto"), proto("health.proto"), proto("goplugin.proto")], { longs: String, defaults: true }));
  const server = new grpc.Server({ "grpc.max_receive_message_length": maxMessage, "grpc.max_send_message_length": maxMessage });
  server.addService(services.lintel.element.v1.Element.service, element(type));
  server.addService(services.grpc.health.v1.Health.service, { Check: (_, answer) => answer(null, { status: "SERVING" }) });
  const held = new Set();
  server.addService(services.plugin.GRPCStdio.service, { StreamStdio: (stream) => void held.add(stream) });
  server.addService(services.plugin.GRPCController.service, {
    Shutdown(_, answer) {
      answer(null, {});
      for (const stream of held) stream.end();
      server.tryShutdown(() => process.exit(0));
    },
  });
  const socket = join(process.env.PLUGIN_UNIX_SOCKET_DIR, "plugin");
  server.bindAsync(`unix:${socket}`, grpc.ServerCredentials.createInsecure(), (problem) => {
    if (problem) throw problem;
    console.log(`1|${protocolVersion}|unix|${socket}|grpc|`);
  });
}

// element is the service lintel.element.v1.Element.
function element(type) {
  const functions = new Map(type.functions.map((f) => [f.name, f]));
  const instances = new Map(); // by name and version of the configuration
  const open = type.open ?? ((config) => config);
  const key = ({ name, generation }) => `${name} ${generation}`;
  return {
    Describe: (_, answer) => answer(null, description(type)),

    async Configure({ request }, answer) {
      try {
        instances.set(key(request.instance), await open(JSON.parse(request.configJson)));
        answer(null, {});
      } catch (problem) {
        answer(null, { diagnostics: [{ pointer: problem.details?.pointer ?? "", message: words(problem) }] });
      }
    },

    Release({ request }, answer) {
      instances.delete(key(request.instance));
      answer(null, {});
    },

    async Call(call, answer) {
      const { instance, function: name, argsJson, requestId } = call.request;
      const cancelled = new AbortController();
      call.on("cancelled", () => cancelled.abort());
      try {
        if (!functions.has(name)) throw new Failure("FUNCTION_NOT_FOUND", "the Type has no such function");
        if (!instances.has(key(instance))) throw new Failure("ELEMENT_UNAVAILABLE", "there is no such version of the configuration", { outcome: "not_executed" });
        const result = await functions.get(name).run(instances.get(key(instance)), JSON.parse(argsJson), { requestId, signal: cancelled.signal });
        answer(null, { resultJson: Buffer.from(JSON.stringify(result ?? null)) });
      } catch (problem) {
        answer(null, { error: { code: problem instanceof Failure ? problem.code : "INTERNAL", message: words(problem), detailsJson: Buffer.from(JSON.stringify(problem.details ?? {})) } });
      }
    },

    Get: (_, answer) => answer(null, { error: { code: "FUNCTION_NOT_FOUND", message: "the Type has no such property" } }),

    async Check({ request }, answer) {
      try {
        await open(JSON.parse(request.configJson));
        answer(null, { steps: [{ name: "configuration", ok: true }] });
      } catch (problem) {
        answer(null, { diagnostics: [{ pointer: problem.details?.pointer ?? "", message: words(problem) }] });
      }
    },
  };
}

// words returns the message of a Failure. Any other error is logged to standard error and hidden from the caller.
function words(problem) {
  if (problem instanceof Failure) return problem.message;
  console.error(JSON.stringify({ "@level": "error", "@message": String(problem), "@timestamp": new Date().toISOString() }));
  return "an internal error";
}
