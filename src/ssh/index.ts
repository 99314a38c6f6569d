export { serveAgent, type SshAgent } from './agent.ts';
export { type AgentKey, readAgentKey } from './agent-key.ts';
