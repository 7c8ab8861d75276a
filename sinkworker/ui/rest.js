// Asking the worker. Owns the token, which is kept for this tab only, and what a refusal says.

const BASE = new URL("../", location.href.split("#")[0]);
const KEY = "sinkworker token";

export class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

export const remember = (token) => sessionStorage.setItem(KEY, token);

export async function ask(method, path, content) {
  const response = await sent(method, path, content);
  const text = await response.text();
  if (!response.ok) throw new Refused(response.status, message(text) ?? `HTTP ${response.status}`);
  return isJson(response) && text ? JSON.parse(text) : text;
}

async function sent(method, path, content) {
  const body = content === undefined ? undefined : JSON.stringify(content);
  try {
    return await fetch(new URL(path, BASE), {
      method, body, headers: headers(content), credentials: "same-origin", redirect: "error",
    });
  } catch {
    throw new Refused(0, "The worker does not answer");
  }
}

function headers(content) {
  const token = sessionStorage.getItem(KEY);
  return {
    Accept: "application/json",
    ...(content === undefined ? {} : { "Content-Type": "application/json" }),
    ...(token ? { Authorization: `Bearer ${token}` } : {}),
  };
}

const isJson = (response) => (response.headers.get("Content-Type") ?? "").startsWith("application/json");

function message(text) {
  try {
    return JSON.parse(text).message;
  } catch {
    return null;
  }
}

export const part = encodeURIComponent;
export const connector = (name) => `connectors/${part(name)}`;
export const ours = (name, what) => `sinkworker/v1/connectors/${part(name)}/${what}`;
