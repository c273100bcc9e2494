import type { Plugin } from "vite";

/** What the page may load, whatever its code says: nothing from another origin. `script` and `style` are sources. */
export function contentPolicy(script: string, style: string, connect: string): string {
  return [
    "default-src 'none'",
    `script-src ${script} 'wasm-unsafe-eval'`,
    `style-src ${style}`,
    "img-src 'self' data:",
    `connect-src ${connect}`,
    // A worker from a blob inherits this policy; one from a URL would bring its own.
    "worker-src blob:",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
}

/** The element that carries a policy. */
export function policyElement(policy: string): string {
  return `<meta http-equiv="Content-Security-Policy" content="${policy}" />`;
}

/** Puts the policy of the served page into it, when it is built. */
export function policy(): Plugin {
  return {
    name: "policy",
    apply: "build",
    transformIndexHtml(html) {
      const element = policyElement(contentPolicy("'self'", "'self'", "'self'"));
      return html.replace('<meta charset="utf-8" />', (charset) => `${charset}\n    ${element}`);
    },
  };
}
