// How the generator is asked: from the document beside it, for Node's own fetch.
export default {
  input: "./openapi.json",
  output: { path: "./generated", importFileExtension: ".js" },
  plugins: ["@hey-api/client-fetch", "@hey-api/typescript", "@hey-api/sdk"],
  logs: { level: "warn" },
};
