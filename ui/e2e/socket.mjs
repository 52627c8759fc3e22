// A WebSocket for pages on given answers: as much of RFC 6455 as a browser needs to hear JSON and to say it.
import { createHash } from "node:crypto";

const MAGIC = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/**
 * Answers `/ws` of a server. What each page says is kept in `heard`; `say` tells all of them something; `answer` is called
 * with what a page said and a function that tells this page alone.
 */
export function sockets(server, answer = () => {}) {
  const open = new Set();
  const heard = [];
  server.on("upgrade", (request, socket) => {
    const accept = createHash("sha1").update(request.headers["sec-websocket-key"] + MAGIC).digest("base64");
    const head = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade", `Sec-WebSocket-Accept: ${accept}`, "Sec-WebSocket-Protocol: loom"];
    socket.write(`${head.join("\r\n")}\r\n\r\n`);
    open.add(socket);
    socket.on("close", () => open.delete(socket));
    socket.on("error", () => socket.destroy());
    const tell = (out) => socket.write(frame(JSON.stringify(out)));
    let rest = Buffer.alloc(0);
    socket.on("data", (bytes) => {
      rest = Buffer.concat([rest, bytes]);
      for (let one = unframe(rest); one; one = unframe(rest)) {
        rest = rest.subarray(one.length);
        if (one.code === 8) return socket.end();
        if (one.code !== 1) continue;
        const said = JSON.parse(one.text);
        heard.push(said);
        answer(said, tell);
      }
    });
  });
  return { heard, say: (out) => open.forEach((s) => s.write(frame(JSON.stringify(out)))), drop: () => open.forEach((s) => s.destroy()) };
}

function frame(text) {
  const body = Buffer.from(text);
  const head = Buffer.alloc(body.length < 126 ? 2 : 4);
  head[0] = 0x81;
  head[1] = Math.min(body.length, 126);
  if (head[1] === 126) head.writeUInt16BE(body.length, 2);
  return Buffer.concat([head, body]);
}

/** The first frame of what came, if it is whole; browsers mask theirs. */
function unframe(bytes) {
  if (bytes.length < 6) return;
  let at = 2;
  let size = bytes[1] & 0x7f;
  if (size === 126) (size = bytes.readUInt16BE(2)), (at = 4);
  if (bytes.length < at + 4 + size) return;
  const mask = bytes.subarray(at, at + 4);
  const body = bytes.subarray(at + 4, at + 4 + size).map((b, i) => b ^ mask[i % 4]);
  return { code: bytes[0] & 0x0f, text: body.toString(), length: at + 4 + size };
}
