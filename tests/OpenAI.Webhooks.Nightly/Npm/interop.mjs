// Verifies the deliveries it is handed with the npm packages openai and standardwebhooks, and signs payloads with the latter.
// In:  { secret, deliveries: [{ payload, headers }], payloads: [text] }
// Out: { openai: [error or null], standardwebhooks: [error or null], signed: [{ payload, headers }] }
import { readFileSync } from 'node:fs';
import OpenAI from 'openai';
import { Webhook } from 'standardwebhooks';

const { secret, deliveries, payloads } = JSON.parse(readFileSync(0, 'utf8'));
const client = new OpenAI({ apiKey: 'not used', webhookSecret: secret });
const webhook = new Webhook(secret);

const errorOf = async (verify) => {
  try {
    await verify();
    return null;
  } catch (error) {
    return String(error);
  }
};

const result = { openai: [], standardwebhooks: [], signed: [] };
for (const { payload, headers } of deliveries) {
  result.openai.push(await errorOf(() => client.webhooks.unwrap(payload, headers)));
  result.standardwebhooks.push(await errorOf(() => webhook.verify(payload, headers)));
}
for (const [index, payload] of payloads.entries()) {
  const id = `msg_${index}`;
  const now = new Date();
  result.signed.push({
    payload,
    headers: {
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(now / 1000)),
      'webhook-signature': webhook.sign(id, now, payload),
    },
  });
}
console.log(JSON.stringify(result));
