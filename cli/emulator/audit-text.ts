import { z } from "zod";

export const auditSchema = z.object({
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

export function auditText({ roles }: Audit): string {
  if (roles.length === 0) return "No role has sent a request yet.";
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
