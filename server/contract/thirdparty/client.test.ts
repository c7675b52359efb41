// What somebody writes who has nothing but the OpenAPI document: the client is
// generated from it, and drives the server that the test beside this has started.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";

import { client } from "./generated/client.gen.js";
import { getAction, getMachineAction, listActionEvents, listDevices, submitAction } from "./generated/sdk.gen.js";
import type { Problem, Record as Device } from "./generated/types.gen.js";

const { GATEHOUSE_URL, GATEHOUSE_KEY, GATEHOUSE_DEVICES } = process.env;
client.setConfig({ baseUrl: GATEHOUSE_URL, auth: GATEHOUSE_KEY });

test("devices are listed through a filter", async () => {
  const all = await listDevices({ query: { limit: 1000, raw: true }, throwOnError: true });
  const risk = (device: Device) => (device.raw as { riskScore: string }).riskScore;
  const wanted = risk(all.data.items[0] as Device);
  const those = await listDevices({ query: { filter: [`risk[eq]${wanted}`], raw: true, count: true }, throwOnError: true });
  const others = await listDevices({ query: { filter: [`risk[ne]${wanted}`], count: true }, throwOnError: true });
  assert.equal(Number(those.data.count) + Number(others.data.count), all.data.items.length);
  assert.equal(Number(those.data.count), all.data.items.filter((d) => risk(d) === wanted).length);
  assert.ok(those.data.items.every((d) => risk(d) === wanted));
  assert.ok(all.data.mirrors.every((m) => m.asOf !== undefined), "an answer that does not say its age");
});

test("all devices come page by page, each once", async () => {
  const seen = new Set<string>();
  let cursor: string | undefined;
  let pages = 0;
  do {
    const { data } = await listDevices({ query: { limit: 5, sort: "name", cursor }, throwOnError: true });
    for (const device of data.items) {
      assert.ok(!seen.has(device.id), `${device.id} came twice`);
      seen.add(device.id);
    }
    cursor = data.next;
    pages++;
  } while (cursor !== undefined);
  assert.equal(seen.size, Number(GATEHOUSE_DEVICES));
  assert.equal(pages, Math.ceil(seen.size / 5));
});

test("a device is isolated once, and the action is followed to its end", async () => {
  const { data: page } = await listDevices({ query: { filter: ["os[in]Windows10,Windows11", "onboarding[eq]Onboarded"], limit: 1 }, throwOnError: true });
  const device = page.items[0] as Device;
  const order = {
    body: { integration: device.integration, action: "isolate", targets: [device.id], parameters: { type: "Full" }, comment: "a drill" },
    headers: { "Idempotency-Key": randomUUID() },
    throwOnError: true as const,
  };
  const first = await submitAction(order);
  const again = await submitAction(order);
  assert.equal(first.response.status, 202);
  assert.equal(again.data.id, first.data.id);
  assert.equal(again.response.headers.get("Idempotency-Replayed"), "true");

  let action = first.data;
  for (const begun = Date.now(); action.ended === undefined && Date.now() - begun < 60_000; ) {
    await wait(250);
    ({ data: action } = await getAction({ path: { action: action.id }, throwOnError: true }));
  }
  assert.equal(action.state, "succeeded", action.reason);
  assert.equal(action.targets.length, 1);
  assert.equal(action.targets[0]?.state, "succeeded");

  const { data: events } = await listActionEvents({ query: { action: action.id }, throwOnError: true });
  const states = events.items.filter((e) => e.target === undefined).map((e) => e.state);
  assert.equal(states.at(0), "queued");
  assert.equal(states.at(-1), "succeeded");
  const { data: upstream } = await getMachineAction({
    path: { integration: device.integration, id: action.targets[0]?.upstreamId ?? "" },
    query: { live: true, raw: true },
    throwOnError: true,
  });
  const said = upstream.raw as { type: string; status: string; machineId: string };
  assert.deepEqual([said.type, said.status, said.machineId], ["Isolate", "Succeeded", device.id]);
});

test("what is refused is a problem, typed as one", async () => {
  const { error, response } = await listDevices({ query: { filter: ["nonsense[eq]1"] } });
  const problem = error as Problem;
  assert.equal(response?.status, 422);
  assert.equal(problem.code, "unknown-filter");
  assert.ok(problem.mend, "no mend");
  assert.equal(problem.requestId, response?.headers.get("X-Request-Id"));
  const anonymous = await listDevices({ auth: "gh_nobody_nothing" });
  assert.equal(anonymous.response?.status, 401);
});
