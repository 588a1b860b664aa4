// The flows by which services are managed, as DigitalPy ships them, and restart. In the program, so that
// they are there wherever that is; a flow of the same name in a file of the user's is used instead.

import { scanIni } from '../../flow/ini.ts'
import type { SourceFile } from '../config.ts'

const FILE = 'core_flows.ini'

const TEXT = `[ServiceManagement_StartService]
?ServiceManagement_StartService?Push
Subject?ServiceManagement__StartService@PUBLISH?start_service
??done

[ServiceManagement_StopService]
?ServiceManagement_StopService?Push
Subject?ServiceManagement__StopService@PUBLISH?stop_service
??done

[ServiceManagement_RestartService]
?ServiceManagement_RestartService?Push
Subject?ServiceManagement__RestartService@PUBLISH?restart_service
??done

[ServiceManagement_GetReloadSystemHealth]
?ServiceManagement_GetReloadSystemHealth?Push
Subject?ServiceManagement__GetReloadSystemHealth@PUBLISH?reload_system_health
??done

[ServiceManagement_GetServiceStatus]
?ServiceManagement_GetServiceStatus?Push
?ServiceManagement__GetServiceStatus@PUBLISH?get_service_status
??done

[ServiceManagement_GetServiceTopics]
?ServiceManagement_GetServiceTopics?Push
Subject?ServiceManagement__GetServiceTopics@PUBLISH?get_service_topics
?ServiceManagement__GetServiceTopics@ASYNC?get_service_topics_response
??done

[ServiceManagement_PutServiceTopic]
?ServiceManagement_PutServiceTopic?Push
Subject?ServiceManagement__PutServiceTopic@PUBLISH?put_service_topic
?ServiceManagement__PutServiceTopic@ASYNC?put_service_topic_response
??done

[ServiceManagement_DeleteServiceTopic]
?ServiceManagement_DeleteServiceTopics?Push
Subject?ServiceManagement__DeleteServiceTopics@PUBLISH?delete_service_topic
?ServiceManagement__DeleteServiceTopics@ASYNC?delete_service_topic_response
??done
`

/** Those of which the user's flow files have none of that name. Throws EINVAL as `scanIni` does. */
export function coreFlowsBeside(files: readonly SourceFile[]): SourceFile {
  const given = files.flatMap(({ text, file }) => scanIni(text, file).sections)
  const isGiven = (flow: string): boolean => given.some(({ name }) => flow.startsWith(`[${name}]`))
  const missing = TEXT.split(/^(?=\[)/m).filter((flow) => !isGiven(flow))
  return { file: FILE, text: missing.join('') }
}
