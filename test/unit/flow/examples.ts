// Entries from real DigitalPy and FreeTAKServer files, one case each.

export const CORE_FLOWS: string = `
; PUBLISH and an ASYNC resume point
[ServiceManagement_GetServiceTopics]
?ServiceManagement_GetServiceTopics?Push
Subject?ServiceManagement__GetServiceTopics@PUBLISH?get_service_topics
?ServiceManagement__GetServiceTopics@ASYNC?get_service_topics_response
??done

; free text behind steps
[ServiceManagement_StartService]
?ServiceManagement_StartService?Push # free text
Subject?ServiceManagement__StartService@PUBLISH?start_service # free text, any length
??done # free text

; another context on each step
[ServiceManagement_GetServiceStatus]
?ServiceManagement_GetReloadSystemHealth?Push
?ServiceManagement__GetServiceStatus@PUBLISH?get_service_status
??done

; one worker step
[FilmologyManagement__POSTMovie]
?FilmologyManagement__POSTMovie?Push
Subject?FilmologyManagement__POSTMovie?POSTMovie
??done

; no Push, two worker steps, no done
[LoanManagement__POSTLoan_Test]
?LoanManagement__POSTLoan?Test
Subject?LoanManagement__POSTLoan?TestPOSTLoan
LoanManagement?LoanManagement__POSTLoan?serializeToJson
Serialization?LoanManagement__POSTLoan?Publish

; a decorator of its own
[UPDATE_ROUTING_WORKERS]
?updateRoutingWorkers@ROUTING_WORKER?Publish
IntegrationManager?updateRoutingWorkers@ROUTING_WORKER?update

; sender and decorator on the Push
[testSubject1]
test?SubjectTest@PUBLISH?Push
Subject?SubjectTest@PUBLISH?Publish

; no steps, no final newline
[actionflow1]`

export const MAPPINGS: string = `
[actionmapping]
; comments stand between entries
??start_service = digitalpy.core.service_management.service_management_facade.ServiceManagement.start_service
?^Component^RequiredAlfaVersion?POSTComponentRequiredAlfaVersion = digitalpy.core.component_management.component_management_facade.ComponentManagement.POSTComponentRequiredAlfaVersion
?^file^get-or-create?GETFileGet-or-create = digitalpy.core.files.files_facade.Files.GETFileGet-or-create
?XMLCoT? = FreeTAKServer.core.cot_management.cot_management_facade.CotManagement.default_cot_processor
?MEMORY?ConvertMachineReadableToHumanReadable = FreeTAKServer.components.core.type.type_facade.Type.get_human_readable_type
Emergency??EmergencyCancelled = FreeTAKServer.components.extended.emergency.controllers.emergency_off_controller.EmergencyOffController.evaluate_request
Sender?Context@DECORATOR?Action = myapp.mycomponent.mycomponent_facade.MyComponent.my_method
[servicemapping]
??EmergencyAlert = [TCPCoTService, ssl_cot_service]
[digitalpy.core_api]
flows = [
; FilmologyManagement component flows
FilmologyManagement__POSTMovie
,FilmologyManagement__DELETEMovie
]
`
