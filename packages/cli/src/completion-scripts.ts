/** A shell that can be taught to complete our command lines. */
export type Shell = (typeof SHELLS)[number];

export const SHELLS = ['bash', 'zsh', 'fish'] as const;

/** Words are told apart by spaces only: bash itself would break a URL at its colon. */
const BASH = `# Completion of peer-cache for bash: eval "$(peer-cache completion bash)"
_peer_cache() {
  local line="\${COMP_LINE:0:COMP_POINT}" current="" value
  local -a words
  read -ra words <<< "$line"
  [[ $line == *[[:space:]] ]] && words+=("")
  ((\${#words[@]} > 0)) && current="\${words[-1]}"
  COMPREPLY=()
  while IFS=$'\\t' read -r value _; do
    case $value in
      :files) compopt -o default 2> /dev/null ;;
      :folders) compopt -o dirnames 2> /dev/null ;;
      "$current"*) COMPREPLY+=("$value") ;;
    esac
  done < <(peer-cache complete -- "\${words[@]:1}" 2> /dev/null)
}
complete -F _peer_cache peer-cache
`;

const ZSH = `#compdef peer-cache
# Completion of peer-cache for zsh: source <(peer-cache completion zsh), after compinit
_peer_cache() {
  local line value description disk
  local -a candidates
  while IFS=$'\\t' read -r value description; do
    case $value in
      :files|:folders) disk=$value ;;
      *) candidates+=("\${value//:/\\\\:}:$description") ;;
    esac
  done < <(peer-cache complete -- "\${(@)words[2,CURRENT]}" 2> /dev/null)
  case $disk in
    :files) _files ;;
    :folders) _files -/ ;;
  esac
  (( \${#candidates} )) && _describe 'peer-cache' candidates
}
if [[ \${funcstack[1]} == _peer_cache ]]; then
  _peer_cache "$@"
else
  compdef _peer_cache peer-cache
fi
`;

const FISH = `# Completion of peer-cache for fish: peer-cache completion fish | source
function __peer_cache_complete
  set -l words (commandline -opc) (commandline -ct)
  for line in (peer-cache complete -- $words[2..-1] 2> /dev/null)
    switch $line
      case :files
        __fish_complete_path (commandline -ct)
      case :folders
        __fish_complete_directories (commandline -ct)
      case '*'
        echo $line
    end
  end
end
complete -c peer-cache -f -a '(__peer_cache_complete)'
`;

/** What a shell reads so that it completes our command lines. */
export function completionScript(shell: Shell): string {
  return { bash: BASH, zsh: ZSH, fish: FISH }[shell];
}
