/** The media types of requests to an endpoint and of its responses: `python/scripts/inference.py` takes and answers both. */
export const mediaTypes = { json: "application/json", csv: "text/csv" } as const;
