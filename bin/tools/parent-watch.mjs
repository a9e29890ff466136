// Loaded into web and worker by `npm start` (node --import): when the process that started them is gone, however it
// ended, they end too, so that no port and no lock stays taken.
const parent = process.ppid

setInterval(() => {
  if (process.ppid !== parent) process.kill(process.pid, 'SIGTERM')
}, 1_000).unref()
