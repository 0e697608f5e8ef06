/** What every service starts: Node and the program that it runs. */
export interface ServiceProgram {
  /** Absolute; systemd takes none with quotes, backslashes, `$`, `*`, `?` or `[` in it. */
  readonly nodePath: string;
  /** Absolute; the `peer-cache` command. */
  readonly scriptPath: string;
}

/** The user that the machine's agent runs as. */
export const SERVICE_USER = 'peer-cache';
/** Name of the credential that the machine's agent may be given to encrypt jobs' secrets with. */
export const SECRETS_CREDENTIAL = 'peer-cache-key';

/** A large young generation would cost memory for garbage that is as quickly gone with a small one. */
export const NODE_FLAGS = ['--max-semi-space-size=2'] as const;

/** What both units say: systemd-notify speaks for us, hence `NotifyAccess=all`. */
const RUNNING = `Type=notify
NotifyAccess=all
ExecReload=/bin/kill -HUP $MAINPID
Restart=on-failure
RestartSec=5s
TimeoutStopSec=10s
LimitNOFILE=65536
MemoryHigh=384M
MemoryMax=512M`;

/** Filters that need no rights to be put up. No MemoryDenyWriteExecute: V8 compiles to memory. */
const FILTERS = `NoNewPrivileges=yes
LockPersonality=yes
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallErrorNumber=EPERM`;

/**
 * The unit of the machine's agent, as its own user and without a single capability. The XDG
 * variables put folders where such services have theirs: `/var/lib/peer-cache`,
 * `/var/cache/peer-cache`, `/etc/peer-cache` and `/run/peer-cache`. That last one is open to
 * everybody for the socket of the machine's users; the control socket is in a 0700 folder below it.
 */
export function systemUnit(program: ServiceProgram): string {
  return `[Unit]
Description=peer-cache, the agent of this machine
After=network.target

[Service]
${RUNNING}
ExecStart=${execStart(program)}
User=${SERVICE_USER}
Group=${SERVICE_USER}
Environment=XDG_DATA_HOME=%S XDG_CACHE_HOME=%C XDG_CONFIG_HOME=%E XDG_RUNTIME_DIR=%t/${SERVICE_USER}
Environment=PEER_CACHE_MACHINE_SERVE=true
StateDirectory=${SERVICE_USER}
StateDirectoryMode=0700
CacheDirectory=${SERVICE_USER}
CacheDirectoryMode=0700
RuntimeDirectory=${SERVICE_USER}
RuntimeDirectoryMode=0755
ConfigurationDirectory=${SERVICE_USER}
LoadCredentialEncrypted=${SECRETS_CREDENTIAL}
UMask=0077
${FILTERS}
SystemCallFilter=~@privileged @resources
CapabilityBoundingSet=
AmbientCapabilities=
DevicePolicy=closed
PrivateDevices=yes
PrivateTmp=yes
PrivateUsers=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHome=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
ProtectSystem=strict
RemoveIPC=yes

[Install]
WantedBy=multi-user.target
`;
}

/**
 * The unit of one user's agent. It must write wherever this user may, and what needs rights that a
 * user's service manager lacks (mounts, capabilities) would keep it from starting.
 */
export function userUnit(program: ServiceProgram): string {
  return `[Unit]
Description=peer-cache, the agent of this user

[Service]
${RUNNING}
ExecStart=${execStart(program)}
${FILTERS}

[Install]
WantedBy=default.target
`;
}

/** Tells systemd-sysusers of the user of the machine's agent, who can't log on. */
export function sysusersEntry(): string {
  return `u ${SERVICE_USER} - "peer-cache agent" /var/lib/${SERVICE_USER}\n`;
}

/** A property list for launchd: the agent of a user while that user is logged on. Untested. */
export function launchdPlist(program: ServiceProgram, { logPath }: { logPath: string }): string {
  const args = command(program).map((arg) => `    <string>${escapeXml(arg)}</string>`);
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
  <key>Label</key>
  <string>peer-cache.agent</string>
  <key>ProgramArguments</key>
  <array>
${args.join('\n')}
  </array>
  <key>RunAtLoad</key>
  <true/>
  <key>KeepAlive</key>
  <dict>
    <key>SuccessfulExit</key>
    <false/>
  </dict>
  <key>ProcessType</key>
  <string>Background</string>
  <key>StandardOutPath</key>
  <string>${escapeXml(logPath)}</string>
</dict>
</plist>
`;
}

/** A scheduled task for Windows: the agent of a user while that user is logged on. Untested. */
export function windowsTask(program: ServiceProgram, { userName }: { userName: string }): string {
  const [nodePath = '', ...args] = command(program);
  const shownArgs = args.map((arg) => (/\s/.test(arg) ? `"${arg}"` : arg)).join(' ');
  return `<?xml version="1.0" encoding="UTF-16"?>
<Task version="1.4" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <Triggers>
    <LogonTrigger>
      <UserId>${escapeXml(userName)}</UserId>
    </LogonTrigger>
  </Triggers>
  <Principals>
    <Principal id="Author">
      <UserId>${escapeXml(userName)}</UserId>
      <LogonType>InteractiveToken</LogonType>
      <RunLevel>LeastPrivilege</RunLevel>
    </Principal>
  </Principals>
  <Settings>
    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    <ExecutionTimeLimit>PT0S</ExecutionTimeLimit>
    <RestartOnFailure>
      <Interval>PT1M</Interval>
      <Count>999</Count>
    </RestartOnFailure>
  </Settings>
  <Actions Context="Author">
    <Exec>
      <Command>${escapeXml(nodePath)}</Command>
      <Arguments>${escapeXml(shownArgs)}</Arguments>
    </Exec>
  </Actions>
</Task>
`;
}

function command({ nodePath, scriptPath }: ServiceProgram): string[] {
  return [nodePath, ...NODE_FLAGS, scriptPath, 'agent'];
}

function execStart(program: ServiceProgram): string {
  return command(program).map(quoteForUnit).join(' ');
}

/** As systemd reads it: `%` begins a specifier and, but in the program's own path, `$` a variable. */
function quoteForUnit(arg: string, index: number): string {
  const escaped = arg.replaceAll('%', '%%').replaceAll('$', index === 0 ? '$' : '$$$$');
  if (/^[\w./:=@%$+-]+$/.test(escaped)) return escaped;
  return `"${escaped.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
