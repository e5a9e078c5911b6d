// The wrapper that a team writes by hand today: one gRPC method, a POST upstream, a GET of the image, an answer. It checks
// and keeps nothing. Keep-alive sockets of node:http, which are faster than fetch().
//   server.js --proto DIR --upstream http://host:port/api/paas/v4 --ready-file FILE
'use strict';
const crypto = require('node:crypto');
const fs = require('node:fs');
const http = require('node:http');
const path = require('node:path');
const { parseArgs } = require('node:util');
const grpc = require('@grpc/grpc-js');
const protoLoader = require('@grpc/proto-loader');

const { values: options } = parseArgs({
  options: { proto: { type: 'string' }, upstream: { type: 'string' }, 'ready-file': { type: 'string' } },
});
const INLINE = 'IMAGE_DELIVERY_INLINE';
const QUALITIES = { QUALITY_HD: 'hd', QUALITY_STANDARD: 'standard' };
const NO_LIMIT = { 'grpc.max_send_message_length': -1, 'grpc.max_receive_message_length': -1 };
const agent = new http.Agent({ keepAlive: true, maxSockets: Infinity, maxFreeSockets: 1024 });

function ask(url, method, headers, body) {
  return new Promise((resolve, reject) => {
    const request = http.request(url, { method, headers, agent }, (reply) => {
      const pieces = [];
      reply.on('data', (piece) => pieces.push(piece));
      reply.on('error', reject);
      reply.on('end', () => {
        const bytes = Buffer.concat(pieces);
        if (reply.statusCode === 200) resolve({ bytes, type: reply.headers['content-type'] });
        else reject(new Error(`${method} was answered ${reply.statusCode}: ${bytes.toString().slice(0, 200)}`));
      });
    });
    request.on('error', reject);
    request.end(body);
  });
}

async function generate({ spec, request_id: requestId, image_delivery: delivery }) {
  const size = spec.size || { width: 1024, height: 1024 };
  const body = JSON.stringify({
    model: spec.model || 'glm-image',
    prompt: spec.prompt,
    quality: QUALITIES[spec.quality],
    size: `${size.width}x${size.height}`,
  });
  const made = await ask(`${options.upstream}/images/generations`, 'POST', {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    authorization: 'Bearer bench-key',
  }, body);
  const { url } = JSON.parse(made.bytes).data[0];
  const image = await ask(url, 'GET', {});
  return {
    generation: {
      name: `generations/${crypto.randomUUID()}`,
      request_id: requestId,
      spec,
      state: 'GENERATION_STATE_SUCCEEDED',
      image: { url, content_type: image.type, size_bytes: image.bytes.length, ...size },
    },
    image_data: delivery === INLINE ? image.bytes : undefined,
  };
}

const definition = protoLoader.loadSync(path.join('easel', 'v1', 'image_service.proto'), {
  includeDirs: [options.proto], keepCase: true, longs: Number, enums: String,
});
const server = new grpc.Server(NO_LIMIT);
server.addService(grpc.loadPackageDefinition(definition).easel.v1.ImageService.service, {
  GenerateImage: (call, callback) => {
    generate(call.request).then(
      (reply) => callback(null, reply),
      (error) => callback({ code: grpc.status.UNAVAILABLE, details: error.message }),
    );
  },
});
server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, port) => {
  if (error) throw error;
  const ready = options['ready-file'];
  fs.writeFileSync(`${ready}.new`, JSON.stringify({ grpc: `127.0.0.1:${port}` }));
  fs.renameSync(`${ready}.new`, ready);
});
