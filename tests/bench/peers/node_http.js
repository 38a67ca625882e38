// Node's own http server: one HMAC over the raw body, then the JSON. PROCESSES=2 makes it a cluster of two.
'use strict';
const cluster = require('cluster');
const crypto = require('crypto');
const http = require('http');

const secret = process.env.BENCH_SECRET;
const processes = Number(process.env.PROCESSES || 1);

function handle(request, response) {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    const body = Buffer.concat(chunks);
    const expected = crypto.createHmac('sha256', secret).update(body).digest('hex');
    const received = request.headers['x-unique-signature'] || '';
    const same = received.length === expected.length &&
      crypto.timingSafeEqual(Buffer.from(received), Buffer.from(expected));
    if (!same) {
      response.writeHead(401, {'Content-Length': 0});
      response.end();
      return;
    }
    const answer = JSON.stringify({id: JSON.parse(body).id});
    response.writeHead(200, {'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(answer)});
    response.end(answer);
  });
}

if (processes > 1 && cluster.isPrimary) {
  for (let i = 0; i < processes; i++) cluster.fork();
} else {
  const server = http.createServer(handle);
  server.keepAliveTimeout = 60000;
  server.listen(Number(process.env.PORT), '127.0.0.1');
}
