// Node's fetch.
import { createReadStream, readFileSync, writeFileSync } from "node:fs";
import { Readable } from "node:stream";

for (const line of readFileSync(process.argv[2], "utf8").trim().split("\n")) {
  const [url, type, how, body, answer] = line.split("\t");
  const sent = how === "streamed" ? Readable.toWeb(createReadStream(body)) : readFileSync(body);
  const told = await fetch(url, { method: "POST", headers: { "content-type": type }, body: sent, duplex: "half" });
  writeFileSync(answer, Buffer.from(await told.arrayBuffer()));
  console.log(told.status);
}
