// oidc-provider (certified) with people whom a test names, for tests/identity_provider. The one line of output is its
// address. Whoever is asked to sign in types a login into a page; what a token says can be changed before it is signed,
// with the provider's own key or another one, as a provider that errs or lies would.
import { createServer } from 'node:http';
import { exportJWK, generateKeyPair, SignJWT, decodeJwt } from 'jose';
import Provider from 'oidc-provider';

const people = {}; // login → {claims, token, key}
const pair = await generateKeyPair('RS256', { extractable: true });
const stranger = await generateKeyPair('RS256', { extractable: true });

function body(req) {
  return new Promise((resolve) => {
    const parts = [];
    req.on('data', (part) => parts.push(part)).on('end', () => resolve(Buffer.concat(parts).toString()));
  });
}

async function start(port) {
  const provider = new Provider(`http://127.0.0.1:${port}`, {
    clients: [{ client_id: 'console', client_secret: 'secret of the tests', redirect_uris: ['http://127.0.0.1/'] }],
    jwks: { keys: [{ ...(await exportJWK(pair.privateKey)), kid: 'own', use: 'sig', alg: 'RS256' }] },
    cookies: { keys: ['of the tests'] },
    claims: { openid: ['sub'], profile: ['name'], email: ['email', 'email_verified'], groups: ['groups'], auth_time: null },
    scopes: ['openid', 'profile', 'email', 'groups'],
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
    findAccount: (_ctx, sub) => ({ accountId: sub, claims: () => ({ sub, ...people[sub]?.claims }) }),
    async loadExistingGrant(ctx) {
      const grant = new ctx.oidc.provider.Grant({ clientId: ctx.oidc.client.clientId, accountId: ctx.oidc.session.accountId });
      grant.addOIDCScope('openid profile email groups');
      await grant.save();
      return grant;
    },
  });
  provider.Client.prototype.redirectUriAllowed = (uri) => new URL(uri).pathname.endsWith('/callback/');
  provider.use(async (ctx, next) => {
    if (ctx.path === '/test/people') {
      Object.assign(people, JSON.parse(await body(ctx.req)));
      ctx.status = 204;
    } else if (ctx.path.startsWith('/interaction/')) {
      await interaction(provider, ctx);
    } else {
      await next();
      if (ctx.path === '/token' && ctx.body?.id_token) ctx.body.id_token = await told(ctx.body.id_token);
    }
  });
  return provider.callback();
}

async function interaction(provider, ctx) {
  if (ctx.method === 'POST') {
    const form = new URLSearchParams(await body(ctx.req));
    const result = form.has('cancel') ? { error: 'access_denied' } : { login: { accountId: form.get('login') } };
    ctx.respond = false;
    await provider.interactionFinished(ctx.req, ctx.res, result);
  } else {
    ctx.type = 'html';
    ctx.body = '<!doctype html><title>Example Corp</title><form method="post"><label>Login <input name="login"></label>'
      + '<button>Sign in</button> <button name="cancel" value="1">Cancel</button></form>';
  }
}

// What the person's tokens say instead.
async function told(token) {
  const said = decodeJwt(token);
  const { token: other, key } = people[said.sub] ?? {};
  if (!other && !key) return token;
  const signer = key === 'stranger' ? stranger : pair;
  return new SignJWT({ ...said, ...other }).setProtectedHeader({ alg: 'RS256', kid: 'own' }).sign(signer.privateKey);
}

let answer = (_req, res) => { res.statusCode = 503; res.end(); };
const server = createServer((req, res) => answer(req, res));
server.listen(0, '127.0.0.1', async () => {
  const { port } = server.address();
  answer = await start(port);
  console.log(`http://127.0.0.1:${port}`);
});
