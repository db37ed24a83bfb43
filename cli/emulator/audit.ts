import { z } from "zod";
import { callEmulator } from "../account/emulator-address";
import { localConnection } from "../account/environment";
import { FailedError } from "../terminal/errors";
import { print, printJson } from "../terminal/print";

const auditSchema = z.object({
  roles: z.array(
    z.object({
      name: z.string(),
      uses: z.array(
        z.object({
          action: z.string(),
          resource: z.string(),
          allowed: z.number(),
          denied: z.number(),
        }),
      ),
    }),
  ),
});

type Audit = z.output<typeof auditSchema>;

/** Lists what each role has used since the emulator started, and what it was denied. */
export async function showAudit(options: { readonly json: boolean }): Promise<void> {
  const response = await callEmulator(localConnection(), "/_emulator/audit");
  if (!response.ok) throw new FailedError(`The emulator has no audit: ${await response.text()}`);
  const audit = auditSchema.parse(await response.json());
  if (options.json) printJson(audit);
  else print(auditText(audit));
}

export function auditText({ roles }: Audit): string {
  if (roles.length === 0) return "No role has asked for anything yet.";
  return roles
    .flatMap(({ name, uses }) => [
      name,
      ...uses.map(({ action, resource, allowed, denied }) => {
        const refused = denied === 0 ? "" : `, denied ${denied} times`;
        return `  ${action.padEnd(36)} ${resource}  ${allowed}${refused}`;
      }),
    ])
    .join("\n");
}
