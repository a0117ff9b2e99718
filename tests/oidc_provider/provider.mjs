// Plays two providers with the certified `oidc-provider`. Pro Santé Connect: a discovery document under a name of its
// own, an authorize page on another host than the issuer, PS_IdNat in SubjectNameID, exercices in userinfo. And a
// hospital's own, at /realms/agents of the issuer's port: everything at its own origin, amr and `fonction` in the
// id_token. Invented people.
//
//   node provider.mjs PACKAGES ISSUER_PORT WALLET_PORT REDIRECT_URI…
//
// Who signs in next, and how surely, is told by POST /next?account=…&acr=…&agent=…&fonction=…&amr=… at the wallet's port.

import http from "node:http";
import path from "node:path";
import { pathToFileURL } from "node:url";

const [packages, issuerPort, walletPort, ...redirects] = process.argv.slice(2);
const library = path.join(packages, "node_modules", "oidc-provider", "lib", "index.js");
const { Provider } = await import(pathToFileURL(library));

const REALM = "/auth/realms/esante-wallet";
const OPENID = "/protocol/openid-connect";
const ISSUER = `http://127.0.0.1:${issuerPort}${REALM}`;
const WALLET = `http://localhost:${walletPort}`;
const PEOPLE = {
  "810001234565": [
    { finess: "990000002", name: "PHARMACIE INVENTEE", profession: "21", mode: "L" },
    { finess: "990000010", name: "HOPITAL INVENTE", profession: "21", mode: "S" },
  ],
  "810009999995": [{ finess: "", name: "", profession: "60", mode: "L" }],
};
const AGENTS = "/realms/agents";
const next = { account: "810001234565", acr: "eidas1", agent: "agent-17", fonction: "praticien", amr: "pwd mfa" };

function exercices(places) {
  return places.map((place) => ({
    codeProfession: place.profession, codeCategorieProfessionnelle: "C", codeTypeSavoirFaire: "",
    activities: [{
      codeModeExercice: place.mode, numeroFinessSite: place.finess, numeroSiretSite: "", raisonSocialeSite: place.name,
    }],
  }));
}

async function findAccount(_, id) {
  const national = id.split(":")[2];
  const claims = {
    sub: id, SubjectNameID: national, SubjectOrganization: "", family_name: "INVENTEE",
    SubjectRefPro: { exercices: exercices(PEOPLE[national] ?? []) },
  };
  return { accountId: id, claims: async () => claims };
}

const COMMON = {
  clients: ["rempart-horizon", "rempart-azur"].map((client_id) => ({
    client_id, client_secret: `secret of ${client_id}`, redirect_uris: redirects, grant_types: ["authorization_code"],
    response_types: ["code"], token_endpoint_auth_method: "client_secret_basic",
  })),
  conformIdTokenClaims: false,
  cookies: { keys: ["not a secret: a test's"] },
  pkce: { required: () => true },
  routes: {
    authorization: `${OPENID}/auth`, token: `${OPENID}/token`, userinfo: `${OPENID}/userinfo`, jwks: `${OPENID}/certs`,
  },
};

const national = new Provider(ISSUER, {
  ...COMMON,
  acrValues: ["eidas1", "eidas0"],
  claims: {
    acr: null, auth_time: null, iss: null, openid: ["sub"],
    scope_all: ["SubjectNameID", "SubjectOrganization", "SubjectRefPro", "family_name"],
  },
  features: { devInteractions: { enabled: false } },
  findAccount,
  interactions: { url: (_, interaction) => `${REALM}/interaction/${interaction.uid}` },
  scopes: ["openid", "scope_all"],
});
const hospital = new Provider(`http://127.0.0.1:${issuerPort}${AGENTS}`, {
  ...COMMON,
  claims: { acr: null, auth_time: null, iss: null, openid: ["sub", "amr", "fonction"] },
  features: { devInteractions: { enabled: false } },
  findAccount: async (_, id) => ({ accountId: id, claims: async () => ({ sub: id, fonction: next.fonction }) }),
  interactions: { url: (_, interaction) => `${AGENTS}/interaction/${interaction.uid}` },
  scopes: ["openid"],
});

function nationalLogin() {
  return { accountId: `f:550dc1c8-d97b-4b1e-ac8c-8eb4471cf9dd:${next.account}`, acr: next.acr, remember: false };
}

function hospitalLogin() {
  return { accountId: next.agent, amr: next.amr.split(" "), remember: false };
}

async function interact(provider, login, request, response) {
  const details = await provider.interactionDetails(request, response);
  if (details.prompt.name === "login") {
    await provider.interactionFinished(request, response, { login: login() }, { mergeWithLastSubmission: false });
    return;
  }
  const grant = new provider.Grant({ accountId: details.session.accountId, clientId: details.params.client_id });
  grant.addOIDCScope(details.params.scope);
  grant.addOIDCClaims(["acr"]);
  await provider.interactionFinished(request, response, { consent: { grantId: await grant.save() } });
}

async function discovery(response) {
  const told = await (await fetch(`${ISSUER}/.well-known/openid-configuration`)).json();
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify({ ...told, authorization_endpoint: `${WALLET}/auth` }));
}

const REALMS = [[REALM, national, nationalLogin], [AGENTS, hospital, hospitalLogin]].map(
  ([at, provider, login]) => ({ path: at, provider, login, callback: provider.callback() }),
);
const issuer = http.createServer((request, response) => {
  const at = request.url;
  if (at === `${REALM}/.well-known/wallet-openid-configuration`) { discovery(response); return; }
  const realm = REALMS.find((each) => at.startsWith(`${each.path}/`));
  if (realm === undefined) { response.statusCode = 404; response.end(); return; }
  if (at.startsWith(`${realm.path}/interaction/`)) {
    interact(realm.provider, realm.login, request, response).catch((error) => {
      response.statusCode = 500;
      response.end(String(error));
    });
    return;
  }
  request.originalUrl = at;
  request.url = at.slice(realm.path.length) || "/";
  realm.callback(request, response);
});
const wallet = http.createServer((request, response) => {
  const asked = new URL(request.url, WALLET);
  if (request.method === "POST" && asked.pathname === "/next") {
    Object.assign(next, Object.fromEntries(asked.searchParams));
    response.statusCode = 204;
  } else if (asked.pathname === "/auth") {
    response.statusCode = 303;
    response.setHeader("location", `${ISSUER}${OPENID}/auth${asked.search}`);
  } else {
    response.statusCode = 404;
  }
  response.end();
});
issuer.listen(Number(issuerPort), "127.0.0.1", () => wallet.listen(Number(walletPort), "localhost", () => console.log("ready")));
