// Registers the providers that `dsfix run pi` led to its endpoint; see dsfix/agents/pi.py.
export default function (pi) {
  const providers = JSON.parse(process.env.DSFIX_PI_PROVIDERS ?? "{}");
  for (const [name, provider] of Object.entries(providers)) {
    pi.registerProvider(name, provider);
  }
}
