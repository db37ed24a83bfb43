import { STSClient } from "@aws-sdk/client-sts";
import type { Aws } from "../../cli/account/clients";

/** Calls a service of the emulator for which the project needs no SDK client otherwise. */
export async function callService(
  aws: Aws,
  service: string,
  headers: Record<string, string>,
  body: string,
): Promise<string> {
  const { endpoint = "", region } = aws.connection;
  const { protocol, hostname, port, host } = new URL(endpoint);
  // Every client of the SDK can sign for another service, and does so from then on.
  const signer = await new STSClient(aws.connection).config.signer({
    name: "sigv4",
    signingName: service,
    signingRegion: region,
    properties: {},
  });
  const request = {
    method: "POST",
    protocol,
    hostname,
    port: Number(port),
    path: "/",
    query: {},
    headers: { ...headers, host },
    body,
  };
  const signed = await signer.sign(request);
  const { host: _, ...sent } = signed.headers;
  const response = await fetch(endpoint, { method: "POST", headers: sent, body });
  const text = await response.text();
  if (!response.ok) throw new Error(`${service} answered ${response.status}: ${text}`);
  return text;
}
