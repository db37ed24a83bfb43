/** The marker that a review starts with; it names the environment. */
const marker = /^<!-- review:\S+ -->/;

/**
 * Writes a review as a comment on the pull request, or replaces the environment's earlier one.
 *
 * @param {{ github: any, context: any, file: string }} options from actions/github-script, and the review's file
 * @throws Error when the file does not contain a review
 */
module.exports = async ({ github, context, file }) => {
  const body = require("node:fs").readFileSync(file, "utf8");
  const [start] = marker.exec(body) ?? [];
  if (start === undefined) {
    throw new Error(`${file} is not a review: it must start with <!-- review:ENVIRONMENT -->`);
  }
  const { listComments, createComment, updateComment } = github.rest.issues;
  const pullRequest = { ...context.repo, issue_number: context.issue.number };
  const comments = await github.paginate(listComments, pullRequest);
  // Do not change a comment in which someone quotes a review.
  const earlier = comments.find((comment) => comment.user?.type === "Bot" && comment.body?.startsWith(start));
  if (earlier === undefined) await createComment({ ...pullRequest, body });
  else await updateComment({ ...context.repo, comment_id: earlier.id, body });
};
