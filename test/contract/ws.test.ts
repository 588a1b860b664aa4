// The contracts over ws:// within one thread.
import { wireContract } from './wire-contract.ts'

wireContract('ws')
